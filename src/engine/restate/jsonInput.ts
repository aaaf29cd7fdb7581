/** Says to Restate that what is sent is JSON. */
export const JSON_INPUT = {
  inputSerde: {
    contentType: 'application/json',
    serialize: (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value)),
    deserialize: (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes)),
  },
};
