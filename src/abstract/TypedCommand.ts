/** The types that a command class carries, apart from the class, so that what a command is given can name them. */

// biome-ignore-start lint/suspicious/noExplicitAny: the phantoms are invariant, so only any matches every command
/** Anything with the params and result of a command; types only. */
export interface TypedCommand {
  readonly '~params': (params: any) => any;
  readonly '~result': (result: any) => any;
}
export type ParamsOf<C> = C extends { readonly '~params': (params: infer P) => any } ? P : never;
export type ResultOf<C> = C extends { readonly '~result': (result: infer R) => any } ? R : never;
// biome-ignore-end lint/suspicious/noExplicitAny: see above
