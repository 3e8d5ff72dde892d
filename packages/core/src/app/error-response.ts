// What a client is told of an error: what it can act on, in the form that it reads, and nothing of our insides.
import { preferredType } from "../http/accept.ts";
import { HttpError } from "../http/http-error.ts";
import { escapeHtml } from "../message/escape-html.ts";
import { Header, withMembers } from "../http/header.ts";
import type { Request } from "../message/request.ts";
import { Response } from "../message/response.ts";
import { reasonPhraseOf } from "../http/status.ts";

const VARY = Header.constant("Vary", "Accept");
const OFFERS = ["application/problem+json", "application/json", "text/html", "text/plain"];

/**
 * The answer for whatever was thrown: an `HttpError` tells its status and detail; anything else is a 500 that tells
 * only the request's id, under which the log has the rest.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export function errorResponse(error: unknown, req: Request): Response {
  const known = error instanceof HttpError ? error : undefined;
  const status = known?.statusCode ?? 500;
  const title = reasonPhraseOf(status) || "Error";
  const detail = known?.detail === title ? undefined : known?.detail;
  const requestId = status >= 500 ? req.id : undefined;

  const response = render(status, title, detail, requestId, known?.members, req);
  response.headers.push(...(known?.headers ?? []));
  response.headers = withMembers(response.headers, VARY);
  return response;
}

function render(
  status: number,
  title: string,
  detail: string | undefined,
  requestId: string | undefined,
  members: HttpError["members"] | undefined,
  req: Request,
): Response {
  const type = preferredType(req.headerList("accept"), OFFERS) ?? "text/plain";
  if (type.endsWith("json")) {
    const response = problemOf(status, { title, status, detail, requestId }, members);
    return response.setHeader(
      "Content-Type",
      type === "application/json" ? type : "application/problem+json",
    );
  }
  const lines = [`${status} ${title}`, detail, requestId && `Request id: ${requestId}`].filter(
    (line): line is string => Boolean(line),
  );
  if (type === "text/plain") return Response.text(status, `${lines.join("\n")}\n`);
  const [heading, ...rest] = lines.map(escapeHtml);
  const paragraphs = rest.map((line) => `<p>${line}</p>`).join("");
  return Response.html(
    status,
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${heading}</title></head><body><h1>${heading}</h1>${paragraphs}</body></html>\n`,
  );
}

/** Members that have no JSON are left out: an error is no place to fail at. */
function problemOf(status: number, problem: object, members: HttpError["members"] | undefined): Response {
  try {
    return Response.json(status, { ...problem, ...members });
  } catch {
    return Response.json(status, problem);
  }
}
