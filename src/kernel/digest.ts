import { hash } from 'node:crypto';

/** 22 characters of base64url: 132 bits of SHA-256, enough to tell inputs apart. */
const DIGEST_CHARACTERS = 22;

/** A short digest of a canonical text. */
export function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, DIGEST_CHARACTERS);
}

/** The full SHA-256 of parts that cannot be confused, each with its length before it; for chains and keys. */
export function chainHash(...parts: readonly string[]): string {
  return hash('sha256', parts.map((part) => `${part.length}:${part}`).join(''), 'base64url');
}
