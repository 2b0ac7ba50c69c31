// A click on a head sorts the table: numbers first from the largest, texts from A; what is absent stays last.
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
  const head = button.closest("th"), table = head.closest("table"), at = head.cellIndex;
  const down = head.getAttribute("aria-sort") === "descending" || !head.classList.contains("number") &&
    head.getAttribute("aria-sort") === null ? "ascending" : "descending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down);
  const sign = down === "ascending" ? 1 : -1, key = row => row.cells[at].dataset.sort ?? row.cells[at].textContent;
  for (const body of table.tBodies) {
    const rows = [...body.rows].map((row, place) => [key(row), place, row]);
    rows.sort(([a, i], [b, j]) => {
      if (a === "" || b === "") return (a === "") - (b === "") || i - j;
      const x = Number(a), y = Number(b);
      return sign * (Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y) || i - j;
    });
    body.append(...rows.map(([, , row]) => row));
  }
});
addEventListener("beforeprint", () => { for (const each of document.querySelectorAll("details")) each.open = true; });
