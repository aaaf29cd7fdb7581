import { resolve } from 'node:path';
import { Transform } from 'class-transformer';
import { IsArray, IsIn, IsNotEmpty, IsOptional, IsString } from 'class-validator';
import { distance } from 'fastest-levenshtein';
import { type Default, field } from '../../abstract/field.js';
import { ANALYSER_NAMES, type AnalyserName, LEVELS, type Level } from './Finding.js';
import { IsSourceFolder, IsWritableFolder } from './folders.js';

export class MultiAnalysisParams {
  @field({ description: 'folder to analyse', short: 'p', placeholder: 'dir' })
  @IsString()
  @IsNotEmpty()
  @Transform(({ value }) => absolute(value))
  @IsSourceFolder()
  path!: string;

  @field({ description: 'folder for report.html, report.sarif and report.json', short: 'o', placeholder: 'dir' })
  @IsString()
  @IsNotEmpty()
  @Transform(({ value }) => absolute(value))
  @IsWritableFolder()
  out: Default<string> = 'sixfold-report';

  @field({ description: `analysers to run, of ${ANALYSER_NAMES.join(', ')} (default: all)`, placeholder: 'name' })
  @IsOptional()
  @IsArray()
  @IsIn([...ANALYSER_NAMES], { each: true, message: ({ value }) => unknownAnalysers(value) })
  only?: readonly AnalyserName[];

  @field({ description: 'exit with 1 when a finding is of this level or worse', placeholder: 'level' })
  @IsOptional()
  @IsIn([...LEVELS])
  failOn?: Level;
}

/** Paths are kept absolute, so that a run resumed from another folder means the same. */
function absolute(value: unknown): unknown {
  return typeof value === 'string' && value !== '' ? resolve(value) : value;
}

function unknownAnalysers(value: unknown): string {
  const unknown = (Array.isArray(value) ? value : [value]).map(String).filter((name) => !ANALYSER_NAMES.some((known) => known === name));
  return unknown
    .map((name) => `"${name}" is no analyser; did you mean ${nearest(name)}? There are ${ANALYSER_NAMES.join(', ')}`)
    .join('; ');
}

function nearest(name: string): AnalyserName {
  return ANALYSER_NAMES.reduce((best, candidate) => (distance(name, candidate) < distance(name, best) ? candidate : best));
}
