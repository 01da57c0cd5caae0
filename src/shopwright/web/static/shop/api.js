// Talking to the shop's own routes; a refusal brings the server's sentence.

export class Refused extends Error {
  /** `errors` are {pointer, detail}; `body` is the whole answer. */
  constructor(sentence, status, body = {}) {
    super(sentence);
    this.status = status;
    this.body = body;
    this.errors = body.errors || [];
  }
}

export const post = async (url, body) => {
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Refused("The shop does not answer. Check your connection and try again.", 0);
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw new Refused(said.detail || "That did not work. Try again in a minute.", answer.status, said);
  }
  return said;
};

/** The cart's lines as the server wants them. */
export const asLines = (lines) => lines.map((line) => (line.design
  ? { design: { id: line.design, token: line.token }, quantity: line.quantity }
  : { variant_id: Number(line.variant), quantity: line.quantity }));
