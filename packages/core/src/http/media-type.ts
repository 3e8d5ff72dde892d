// Media types by file name: what the web is made of. A package would bring a thousand more, which browsers do not know.

const TYPES: Readonly<Record<string, string>> = {
  // Text.
  html: "text/html; charset=utf-8",
  htm: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  txt: "text/plain; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  vtt: "text/vtt; charset=utf-8",
  ics: "text/calendar; charset=utf-8",
  // Data.
  json: "application/json",
  map: "application/json",
  jsonld: "application/ld+json",
  webmanifest: "application/manifest+json",
  xml: "application/xml",
  xhtml: "application/xhtml+xml",
  rss: "application/rss+xml",
  atom: "application/atom+xml",
  wasm: "application/wasm",
  pdf: "application/pdf",
  epub: "application/epub+zip",
  // Images.
  avif: "image/avif",
  webp: "image/webp",
  png: "image/png",
  apng: "image/apng",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  jxl: "image/jxl",
  gif: "image/gif",
  svg: "image/svg+xml",
  bmp: "image/bmp",
  ico: "image/vnd.microsoft.icon",
  tif: "image/tiff",
  tiff: "image/tiff",
  // Fonts.
  woff2: "font/woff2",
  woff: "font/woff",
  ttf: "font/ttf",
  otf: "font/otf",
  // Sound and video.
  mp3: "audio/mpeg",
  m4a: "audio/mp4",
  aac: "audio/aac",
  flac: "audio/flac",
  oga: "audio/ogg",
  ogg: "audio/ogg",
  opus: "audio/ogg",
  wav: "audio/wav",
  weba: "audio/webm",
  mp4: "video/mp4",
  m4v: "video/mp4",
  mov: "video/quicktime",
  ogv: "video/ogg",
  webm: "video/webm",
  m3u8: "application/vnd.apple.mpegurl",
  // Archives.
  zip: "application/zip",
  gz: "application/gzip",
  br: "application/octet-stream",
  zst: "application/zstd",
  tar: "application/x-tar",
  "7z": "application/x-7z-compressed",
};

/** What has no known type is downloaded, not shown. */
const UNKNOWN = "application/octet-stream";

/**
 * The media type of a file name, by its last extension, whatever its case. `own` are types that go before the table.
 *
 * @see https://www.iana.org/assignments/media-types
 */
export function mediaTypeOf(fileName: string, own: Readonly<Record<string, string>> = {}): string {
  const dot = fileName.lastIndexOf(".");
  if (dot === -1) return UNKNOWN;
  const extension = fileName.slice(dot + 1).toLowerCase();
  const table = Object.hasOwn(own, extension) ? own : TYPES;
  return (Object.hasOwn(table, extension) ? table[extension] : undefined) ?? UNKNOWN;
}
