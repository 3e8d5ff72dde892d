// multipart/form-data, parsed by busboy, as a sequence of parts that are read while they arrive.
export interface MultipartOptions {
  /** Most files; 10 unless given. */
  maxFiles?: number;
}
export interface MultipartPart {
  readonly name: string;
}
export async function* parseMultipart(
  _contentType: string,
  _source: AsyncIterable<Uint8Array>,
  _options: MultipartOptions,
): AsyncGenerator<MultipartPart, void, void> {}
