import { type Attributes, type Context, INVALID_SPAN_CONTEXT, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { ATTRIBUTES } from './attributes.js';
import { harmless } from './harmless.js';
import { traceparentOf } from './traceContext.js';

/** The statuses of runs, steps and attempts that are errors of their span. Who cancels gets what was asked for. */
const ERRORS: ReadonlySet<string> = new Set(['failed', 'unknown']);

/** A span that is given its end once; what is said of it later is not heard. */
export class OpenSpan {
  /** What is begun in it is a child of the span. */
  readonly context: Context;
  private over = false;

  constructor(
    private readonly tracer: Tracer,
    private readonly span: Span,
    parent: Context,
  ) {
    this.context = trace.setSpan(parent, span);
  }

  get ended(): boolean {
    return this.over;
  }

  get traceparent(): string | undefined {
    return traceparentOf(this.span.spanContext());
  }

  child(name: string, attributes: Attributes): OpenSpan {
    const untold = trace.wrapSpanContext(trace.getSpanContext(this.context) ?? INVALID_SPAN_CONTEXT);
    return new OpenSpan(
      this.tracer,
      harmless(() => this.tracer.startSpan(name, { attributes }, this.context), untold),
      this.context,
    );
  }

  event(name: string, attributes: Attributes): void {
    if (!this.over) harmless(() => this.span.addEvent(name, attributes), undefined);
  }

  end(attributes: Attributes = {}): void {
    if (this.over) return;
    this.over = true;
    harmless(() => this.span.setAttributes(attributes).end(), undefined);
  }

  /** Ends it with a status under the name that its kind has for it. */
  endAs(attribute: string, status: string, reason: string | undefined): void {
    if (this.over) return;
    if (ERRORS.has(status)) {
      harmless(() => this.span.setStatus({ code: SpanStatusCode.ERROR, ...(reason === undefined ? {} : { message: reason }) }), undefined);
      this.end({ [attribute]: status });
    } else this.end({ [attribute]: status, ...(reason === undefined ? {} : { [ATTRIBUTES.reason]: reason }) });
  }
}
