// Prices as the server's pages write them: €12.50, CHF 12.50.

/** `minor` are the currency's smallest units. */
export const price = (minor, currency) => {
  const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  const { maximumFractionDigits } = format.resolvedOptions();
  return format.format(minor / 10 ** maximumFractionDigits);
};

/** The rows of a sum: goods, shipping, tax, total. */
export const sums = (quote) => {
  const rows = [
    ["Goods", price(quote.subtotal_minor, quote.currency)],
    ["Shipping", quote.shipping_minor ? price(quote.shipping_minor, quote.currency) : "free"],
  ];
  if (quote.tax_minor) {
    const isWithin = quote.subtotal_minor + quote.shipping_minor === quote.total_minor;
    rows.push([isWithin ? "Tax, included" : "Tax", price(quote.tax_minor, quote.currency)]);
  }
  rows.push(["Total", price(quote.total_minor, quote.currency)]);
  return rows;
};

/** Write them into a list of terms. */
export const showSums = (list, quote) => {
  list.className = "sums";
  list.replaceChildren(...sums(quote).map(([term, value], at, all) => {
    const row = document.createElement("div");
    if (at === all.length - 1) row.className = "sum-total";
    const name = document.createElement("dt");
    const amount = document.createElement("dd");
    name.textContent = term;
    amount.textContent = value;
    row.append(name, amount);
    return row;
  }));
};
