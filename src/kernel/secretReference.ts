/** A reference to a secret: which provider to ask, and for which name. */
export interface SecretReference {
  /** Lower case letters, digits and hyphens, such as `env`. */
  readonly provider: string;
  /** What the provider knows the secret by, such as `STRIPE_KEY`. */
  readonly name: string;
}

/** Bound on the length of a reference, in characters. */
const LENGTH_MAX = 512;
/** No spaces, so that a key in PEM form is no reference; no `//`, so that a URL with a password in it is none either. */
const PATTERN = /^([a-z0-9-]{1,64}):((?!\/\/)\S+)$/;

/**
 * The parts of a text such as `env:STRIPE_KEY`, or undefined when it is no reference: provider and name joined by a colon,
 * without spaces, at most 512 characters, and no URL. Whether there is such a provider is for its user to find out.
 */
export function parseSecretReference(text: string): SecretReference | undefined {
  const [, provider, name] = text.length <= LENGTH_MAX ? (PATTERN.exec(text) ?? []) : [];
  return provider === undefined || name === undefined ? undefined : { provider, name };
}
