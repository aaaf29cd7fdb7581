/** A constructor whose parameters do not matter: what a container builds. */
// biome-ignore lint/suspicious/noExplicitAny: a constructor type must accept every parameter list
export type Class<T> = new (...args: any[]) => T;

/** A class that may be abstract, so only its prototype is used. */
// biome-ignore lint/suspicious/noExplicitAny: a constructor type must accept every parameter list
export type AbstractClass<T> = abstract new (...args: any[]) => T;
