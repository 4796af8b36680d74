// The page of a report, in the browser: draws the charts, and anew where cells are ticked, the window or the system's colours change.
// `vega` is there from the script before; `#report` has the data.
(() => {
  const report = JSON.parse(document.getElementById('report').textContent);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const theme = () => report.themes[dark.matches ? 'dark' : 'light'];
  const slots = report.shapes.length;
  const tip = document.getElementById('tip');
  const views = [];

  const element = (name, text) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  /** Shows a mark's numbers beside the pointer, inside the window. */
  function showTip(_handler, event, _item, value) {
    // A finger that is lifted leaves what it has called up.
    if (event.pointerType === 'touch' && event.type === 'pointerout') return;
    tip.hidden = value === null || value === undefined || value === '';
    if (tip.hidden) return;
    const list = element('dl');
    for (const [name, text] of Object.entries(value)) list.append(element('dt', name), element('dd', String(text)));
    tip.replaceChildren(list);
    const { clientX, clientY } = event.changedTouches?.[0] ?? event;
    const { width, height } = tip.getBoundingClientRect();
    const below = clientY + 16 + height < innerHeight;
    tip.style.left = `${Math.max(8, Math.min(clientX + 12, innerWidth - width - 8))}px`;
    tip.style.top = `${Math.max(8, below ? clientY + 16 : clientY - height - 12)}px`;
  }

  // The cells that are shown, each at the place that gives it its colour, shape and dash.
  const shown = Array(slots).fill(null);
  const boxes = [...document.querySelectorAll('input[data-cell]')];
  for (const box of boxes) {
    if (box.checked) shown[shown.indexOf(null)] = Number(box.dataset.cell);
  }

  /** Rows of the shown cells in a chart. */
  function rowsOf({ cells }) {
    return shown.flatMap((cell, slot) => {
      const columns = cell === null ? null : cells[cell];
      if (!columns) return [];
      return columns[0].map((_, i) => {
        const row = { slot, label: report.labels[cell] };
        for (const [k, name] of report.columns.entries()) row[name] = columns[k][i] ?? null;
        return row;
      });
    });
  }

  function marksOf({ name, cells }) {
    if (name === 'spectrum') return [];
    return shown.flatMap((cell, slot) => {
      const end = cell === null ? null : report.ends[cell];
      return end && cells[cell] ? [{ ...end, slot }] : [];
    });
  }

  /** A line with a chart's own colour, dash and shape. */
  function legendItem(cell, slot) {
    const item = element('li');
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('width', '34');
    svg.setAttribute('height', '12');
    svg.setAttribute('viewBox', '-17 -6 34 12');
    const draw = (attributes) => {
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, value);
      svg.append(path);
    };
    draw({
      d: 'M-16,0H16',
      style: `stroke: var(--slot${slot}); stroke-width: 1.75`,
      'stroke-dasharray': report.dashes[slot].join(' '),
    });
    draw({ d: report.shapes[slot], style: `fill: var(--slot${slot})` });
    item.append(svg, element('span', report.labels[cell]));
    return item;
  }

  function legends() {
    for (const figure of document.querySelectorAll('figure[data-series]')) {
      const { cells } = report.series[figure.dataset.series];
      const items = shown.flatMap((cell, slot) => (cell !== null && cells[cell] ? [legendItem(cell, slot)] : []));
      if (items.length === 0) items.push(element('li', 'None of the ticked cells has this.'));
      figure.querySelector('.legend').replaceChildren(...items);
    }
  }

  const widthOf = (place) => Math.max(120, place.clientWidth - report.padding);

  function draw(figure, spec, chart) {
    const place = figure.querySelector('.chart');
    const view = new vega.View(vega.parse(spec), { renderer: 'svg', container: place, hover: true });
    view.tooltip(showTip).signal('theme', theme()).width(widthOf(place));
    if (chart) view.data('rows', rowsOf(chart)).data('marks', marksOf(chart));
    // Vega shows tooltips where a pointer moves: a finger does not.
    view.addEventListener('pointerdown', (event, item) => {
      if (event.pointerType === 'touch') showTip(null, event, item, item?.tooltip);
    });
    views.push({ view, place, chart });
    return view.runAsync();
  }

  function update() {
    legends();
    return Promise.all(
      views
        .filter(({ chart }) => chart)
        .map(({ view, chart }) => view.data('rows', rowsOf(chart)).data('marks', marksOf(chart)).runAsync()),
    );
  }

  const said = document.getElementById('said');
  document.querySelector('tbody')?.addEventListener('change', ({ target }) => {
    const cell = Number(target.dataset.cell);
    const place = target.checked ? shown.indexOf(null) : shown.indexOf(cell);
    if (place < 0) {
      target.checked = false;
      said.textContent = `At most ${slots} cells: untick another one first.`;
      return;
    }
    shown[place] = target.checked ? cell : null;
    said.textContent = '';
    update();
  });
  document.getElementById('clear')?.addEventListener('click', () => {
    for (const box of boxes) box.checked = false;
    shown.fill(null);
    said.textContent = '';
    update();
  });
  document.getElementById('find')?.addEventListener('input', ({ target }) => {
    const words = target.value.toLowerCase().split(/\s+/);
    const rows = [...document.querySelectorAll('tbody tr')];
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    said.textContent = target.value === '' ? '' : `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  });

  dark.addEventListener('change', () => {
    for (const { view } of views) view.signal('theme', theme()).runAsync();
  });
  let waiting = false;
  addEventListener('resize', () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      for (const { view, place } of views) view.width(widthOf(place)).runAsync();
    });
  });
  const hide = () => {
    tip.hidden = true;
  };
  addEventListener('scroll', hide, { passive: true });
  // Before the charts' own, which may show it again.
  addEventListener('pointerdown', hide, { capture: true });

  legends();
  const drawn = [...document.querySelectorAll('figure')].map((figure) => {
    const { series, phase } = figure.dataset;
    const chart = series === undefined ? undefined : report.series[series];
    return draw(figure, chart ? chart.spec : report.phases[phase], chart);
  });
  // Tests, and whoever prints the page, wait for this.
  Promise.all(drawn).then(() => {
    document.documentElement.dataset.drawn = String(drawn.length);
  });
})();
