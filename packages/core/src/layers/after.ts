// What most layers do: change the response once it is there, at once when it is there already.
import type { Answer } from "../app/handler.ts";
import { Response } from "../message/response.ts";

/** Applies a change to an answer; no promise is made for one that is there. */
export function after(answer: Answer, change: (response: Response) => Response): Answer {
  return answer instanceof Response ? change(answer) : answer.then(change);
}
