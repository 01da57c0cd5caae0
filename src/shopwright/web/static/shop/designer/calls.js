// Talking to the design's routes with its token. A refusal brings the server's sentence; no answer
// at all has the status 0.
import { Refused } from "../api.js";

const SILENT = "The shop does not answer. Check your connection.";

const refusedBy = (status, said) => new Refused(said.detail || "That did not work. Try again in a minute.", status, said);

export const call = async (url, { method = "GET", token, body, isLast = false } = {}) => {
  let answer;
  try {
    answer = await fetch(url, {
      method,
      headers: { accept: "application/json", ...(body ? { "content-type": "application/json" } : {}), ...(token ? { "x-design-token": token } : {}) },
      body: body ? JSON.stringify(body) : undefined,
      keepalive: isLast,
    });
  } catch {
    throw new Refused(SILENT, 0);
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw refusedBy(answer.status, said);
  return said;
};

/** The drawing, as the address of a blob; whoever asked gives it back with revokeObjectURL. */
export const callPicture = async (url, token) => {
  const answer = await fetch(url, { headers: { "x-design-token": token } }).catch(() => { throw new Refused(SILENT, 0); });
  if (!answer.ok) throw refusedBy(answer.status, await answer.json().catch(() => ({})));
  return URL.createObjectURL(await answer.blob());
};

/** `progress` is told the share that is sent; only XMLHttpRequest knows it. */
export const upload = (url, token, file, progress) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  const form = new FormData();
  form.append("file", file, file.name || "photo.jpg");
  request.open("POST", url);
  request.setRequestHeader("x-design-token", token);
  request.setRequestHeader("accept", "application/json");
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) progress(event.loaded / event.total); });
  request.addEventListener("load", () => {
    let said = {};
    try { said = JSON.parse(request.responseText); } catch { /* a proxy's page */ }
    if (request.status < 300) resolve(said);
    else reject(refusedBy(request.status, said));
  });
  for (const name of ["error", "abort", "timeout"]) request.addEventListener(name, () => reject(new Refused("The photo did not arrive. Check your connection and send it again.", 0)));
  request.send(form);
});
