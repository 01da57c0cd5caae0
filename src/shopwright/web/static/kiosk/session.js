// A machine's session on this phone: kept while the tab lives, so that every page of the shop knows it.
import { post } from "../shop/api.js";

const NAME = "shopwright.machine";

/** {id, endsAt} of the session, or null when there is none or it is over. */
export const machineSession = () => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(NAME));
    return kept && kept.endsAt > Date.now() ? kept : null;
  } catch {
    return null;
  }
};

export const keepSession = (id, seconds) => sessionStorage.setItem(NAME, JSON.stringify({ id, endsAt: Date.now() + seconds * 1000 }));

export const forgetSession = () => sessionStorage.removeItem(NAME);

const base = () => document.body.dataset.base;

/** Where the session goes on. */
export const sessionPage = (session) => `${base()}/shop/k/${session.id}`;

/** Tell the machine's screen how far the customer is; nothing depends on it. */
export const tellProgress = (session, progress) => post(`${base()}/api/vending/session/${session.id}/progress`, { user_progress: progress }).catch(() => null);

/** Order a design in this session; the sum is then on the session's page. Raises Refused. */
export const orderDesign = async (session, designId, designToken, quantity = 1) => {
  await post(`${base()}/api/vending/session/${session.id}/order-summary`, {
    order_data: { design_id: designId, design_token: designToken, quantity },
  });
  location.assign(sessionPage(session));
};

/** The same for a product of the shop that is not designed. Raises Refused. */
export const orderVariant = async (session, variantId, quantity = 1) => {
  await post(`${base()}/api/vending/session/${session.id}/order-summary`, {
    order_data: { variant_id: Number(variantId), quantity },
  });
  location.assign(sessionPage(session));
};
