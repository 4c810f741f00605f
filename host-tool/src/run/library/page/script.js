'use strict';
const table = document.querySelector('.images');
const body = table.tBodies[0];
const rows = [...body.rows];
const search = document.getElementById('search');
const show = document.getElementById('show');
const count = document.getElementById('count');
const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
const order = new Intl.Collator(undefined, { numeric: true }).compare;

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const kinds = (row.dataset.k ?? '').split(' ');
    const fits = (!show.value || kinds.includes(show.value)) && words.every((word) => texts.get(row).includes(word));
    row.hidden = !fits;
    shown += fits;
  }
  count.textContent = `${shown} of ${rows.length} shown`;
}

function sort(heading) {
  const column = heading.cellIndex;
  const direction = heading.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
  for (const other of heading.parentElement.cells) {
    other.removeAttribute('aria-sort');
  }
  heading.setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
  const keys = new Map(rows.map((row) => {
    const cell = row.cells[column];
    return [row, cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v)];
  }));
  const compare = (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : order(String(a), String(b)));
  rows.sort((a, b) => direction * compare(keys.get(a), keys.get(b)));
  body.append(...rows);
}

for (const heading of table.tHead.rows[0].cells) {
  heading.querySelector('button').addEventListener('click', () => sort(heading));
}
search.addEventListener('input', filter);
show.addEventListener('change', filter);
document.querySelector('.controls').hidden = false;
filter();
