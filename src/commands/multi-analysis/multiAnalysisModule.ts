import { ContainerModule } from 'inversify';
import { Analyser } from './Analyser.js';
import { ChangeHistory } from './analysers/ChangeHistory.js';
import { Complexity } from './analysers/Complexity.js';
import { DeadCode } from './analysers/DeadCode.js';
import { Duplication } from './analysers/Duplication.js';
import { ImportCycles } from './analysers/ImportCycles.js';
import { Lint } from './analysers/Lint.js';
import { Secrets } from './analysers/Secrets.js';
import { ReportWriter } from './ReportWriter.js';
import { SourceTree } from './SourceTree.js';
import { Synthesis } from './Synthesis.js';

/** The systems that `MultiAnalysisExecutionCommand` coordinates. Load it beside `sixfoldModule`. */
export function multiAnalysisModule(): ContainerModule {
  return new ContainerModule(({ bind, isBound }) => {
    if (isBound(SourceTree)) return;
    bind(SourceTree).toSelf().inSingletonScope();
    bind(Synthesis).toSelf().inSingletonScope();
    bind(ReportWriter).toSelf().inSingletonScope();
    for (const type of [Lint, Complexity, Duplication, DeadCode, ImportCycles, Secrets, ChangeHistory]) {
      bind(Analyser).to(type).inSingletonScope();
    }
  });
}
