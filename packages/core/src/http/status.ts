// Every registered status code with its reason phrase, under the names that the original crate uses.

/** A status code and its reason phrase, as one value that can be handed around. */
export interface Status {
  readonly statusCode: number;
  readonly reasonPhrase: string;
}

/**
 * The table of registered status codes: `STATUS_CODE_REASON_PHRASE.n200_ok.statusCode` is 200.
 *
 * @see https://www.iana.org/assignments/http-status-codes
 */
export const STATUS_CODE_REASON_PHRASE = {
  n100_continue: { statusCode: 100, reasonPhrase: "Continue" },
  n101_switching_protocols: { statusCode: 101, reasonPhrase: "Switching Protocols" },
  n102_processing: { statusCode: 102, reasonPhrase: "Processing" },
  n103_early_hints: { statusCode: 103, reasonPhrase: "Early Hints" },
  n104_upload_resumption_supported: { statusCode: 104, reasonPhrase: "Upload Resumption Supported" },
  n200_ok: { statusCode: 200, reasonPhrase: "OK" },
  n201_created: { statusCode: 201, reasonPhrase: "Created" },
  n202_accepted: { statusCode: 202, reasonPhrase: "Accepted" },
  n203_non_authoritative_information: { statusCode: 203, reasonPhrase: "Non-Authoritative Information" },
  n204_no_content: { statusCode: 204, reasonPhrase: "No Content" },
  n205_reset_content: { statusCode: 205, reasonPhrase: "Reset Content" },
  n206_partial_content: { statusCode: 206, reasonPhrase: "Partial Content" },
  n207_multi_status: { statusCode: 207, reasonPhrase: "Multi-Status" },
  n208_already_reported: { statusCode: 208, reasonPhrase: "Already Reported" },
  n226_im_used: { statusCode: 226, reasonPhrase: "IM Used" },
  n300_multiple_choices: { statusCode: 300, reasonPhrase: "Multiple Choices" },
  n301_moved_permanently: { statusCode: 301, reasonPhrase: "Moved Permanently" },
  n302_found: { statusCode: 302, reasonPhrase: "Found" },
  n303_see_other: { statusCode: 303, reasonPhrase: "See Other" },
  n304_not_modified: { statusCode: 304, reasonPhrase: "Not Modified" },
  n305_use_proxy: { statusCode: 305, reasonPhrase: "Use Proxy" },
  n307_temporary_redirect: { statusCode: 307, reasonPhrase: "Temporary Redirect" },
  n308_permanent_redirect: { statusCode: 308, reasonPhrase: "Permanent Redirect" },
  n400_bad_request: { statusCode: 400, reasonPhrase: "Bad Request" },
  n401_unauthorized: { statusCode: 401, reasonPhrase: "Unauthorized" },
  n402_payment_required: { statusCode: 402, reasonPhrase: "Payment Required" },
  n403_forbidden: { statusCode: 403, reasonPhrase: "Forbidden" },
  n404_not_found: { statusCode: 404, reasonPhrase: "Not Found" },
  n405_method_not_allowed: { statusCode: 405, reasonPhrase: "Method Not Allowed" },
  n406_not_acceptable: { statusCode: 406, reasonPhrase: "Not Acceptable" },
  n407_proxy_authentication_required: { statusCode: 407, reasonPhrase: "Proxy Authentication Required" },
  n408_request_timeout: { statusCode: 408, reasonPhrase: "Request Timeout" },
  n409_conflict: { statusCode: 409, reasonPhrase: "Conflict" },
  n410_gone: { statusCode: 410, reasonPhrase: "Gone" },
  n411_length_required: { statusCode: 411, reasonPhrase: "Length Required" },
  n412_precondition_failed: { statusCode: 412, reasonPhrase: "Precondition Failed" },
  n413_content_too_large: { statusCode: 413, reasonPhrase: "Content Too Large" },
  n414_uri_too_long: { statusCode: 414, reasonPhrase: "URI Too Long" },
  n415_unsupported_media_type: { statusCode: 415, reasonPhrase: "Unsupported Media Type" },
  n416_range_not_satisfiable: { statusCode: 416, reasonPhrase: "Range Not Satisfiable" },
  n417_expectation_failed: { statusCode: 417, reasonPhrase: "Expectation Failed" },
  n421_misdirected_request: { statusCode: 421, reasonPhrase: "Misdirected Request" },
  n422_unprocessable_content: { statusCode: 422, reasonPhrase: "Unprocessable Content" },
  n423_locked: { statusCode: 423, reasonPhrase: "Locked" },
  n424_failed_dependency: { statusCode: 424, reasonPhrase: "Failed Dependency" },
  n425_too_early: { statusCode: 425, reasonPhrase: "Too Early" },
  n426_upgrade_required: { statusCode: 426, reasonPhrase: "Upgrade Required" },
  n428_precondition_required: { statusCode: 428, reasonPhrase: "Precondition Required" },
  n429_too_many_requests: { statusCode: 429, reasonPhrase: "Too Many Requests" },
  n431_request_header_fields_too_large: { statusCode: 431, reasonPhrase: "Request Header Fields Too Large" },
  n451_unavailable_for_legal_reasons: { statusCode: 451, reasonPhrase: "Unavailable For Legal Reasons" },
  n500_internal_server_error: { statusCode: 500, reasonPhrase: "Internal Server Error" },
  n501_not_implemented: { statusCode: 501, reasonPhrase: "Not Implemented" },
  n502_bad_gateway: { statusCode: 502, reasonPhrase: "Bad Gateway" },
  n503_service_unavailable: { statusCode: 503, reasonPhrase: "Service Unavailable" },
  n504_gateway_timeout: { statusCode: 504, reasonPhrase: "Gateway Timeout" },
  n505_http_version_not_supported: { statusCode: 505, reasonPhrase: "HTTP Version Not Supported" },
  n506_variant_also_negotiates: { statusCode: 506, reasonPhrase: "Variant Also Negotiates" },
  n507_insufficient_storage: { statusCode: 507, reasonPhrase: "Insufficient Storage" },
  n508_loop_detected: { statusCode: 508, reasonPhrase: "Loop Detected" },
  n510_not_extended: { statusCode: 510, reasonPhrase: "Not Extended" },
  n511_network_authentication_required: { statusCode: 511, reasonPhrase: "Network Authentication Required" },
} as const;

Object.values(STATUS_CODE_REASON_PHRASE).forEach(Object.freeze);
Object.freeze(STATUS_CODE_REASON_PHRASE);

const phrases = new Map<number, string>();
for (const { statusCode, reasonPhrase } of Object.values(STATUS_CODE_REASON_PHRASE)) {
  phrases.set(statusCode, reasonPhrase);
}

/** The registered reason phrase of a status code; empty for a code that is not registered, which HTTP allows. */
export function reasonPhraseOf(statusCode: number): string {
  return phrases.get(statusCode) ?? "";
}
