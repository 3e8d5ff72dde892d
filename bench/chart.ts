// The chart that the README shows: a panel for each scenario, a bar for each server, as a share of bare node:http.
import type { Figure, Results } from "./results.ts";

const PANEL = { width: 300, left: 112, bars: 150, row: 18, head: 34 };
const COLUMNS = 3;
const MOST = 1.25;

export function chartOf({ scenarios, node, date, connections }: Results): string {
  const rows = scenarios[0]?.figures.length ?? 0;
  const panelHeight = PANEL.head + rows * PANEL.row + 18;
  const width = COLUMNS * PANEL.width + 24;
  const height = 64 + Math.ceil(scenarios.length / COLUMNS) * panelHeight + 24;
  const panels = scenarios.map(({ name, figures }, index) => {
    const x = 12 + (index % COLUMNS) * PANEL.width;
    const y = 64 + Math.floor(index / COLUMNS) * panelHeight;
    return `<g transform="translate(${x} ${y})">${panelOf(name, figures)}</g>`;
  });
  const versions = `Node ${node}, ${connections} connections, one CPU, ${date.slice(0, 10)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Requests a second as a share of bare node:http, for Hatcheck and its peers">
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.name { font-size: 13px; font-weight: 600 }
.quiet { fill: #656d76 }
.end { text-anchor: end }
.bar { fill: #a8b1bb }
.ours { fill: #b3541e }
.line { stroke: #656d76; stroke-dasharray: 2 3 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.quiet { fill: #8d96a0 }
.bar { fill: #4d5661 }
.ours { fill: #e08a4f }
.line { stroke: #8d96a0 }
}
</style>
<text class="title" x="12" y="26">Requests a second, as a share of bare node:http with a Map of sessions</text>
<text class="quiet" x="12" y="46">${versions}</text>
${panels.join("\n")}
</svg>
`;
}

function panelOf(name: string, figures: readonly Figure[]): string {
  const lineX = PANEL.left + PANEL.bars / MOST;
  const bars = figures.map(({ contestant, ratio }, index) => {
    const y = PANEL.head + index * PANEL.row;
    const width = Math.max(1, (Math.min(ratio, MOST) / MOST) * PANEL.bars);
    const kind = contestant.startsWith("hatcheck") ? "bar ours" : "bar";
    return (
      `<text class="end" x="${PANEL.left - 8}" y="${y + 9}">${contestant}</text>` +
      `<rect class="${kind}" x="${PANEL.left}" y="${y}" width="${width.toFixed(1)}" height="11" rx="2"/>` +
      `<text class="quiet" x="${(PANEL.left + width + 4).toFixed(1)}" y="${y + 9}">${shareOf(ratio)}</text>`
    );
  });
  const bottom = PANEL.head + figures.length * PANEL.row - 4;
  return `<text class="name" x="0" y="16">${name}</text><line class="line" x1="${lineX}" y1="${PANEL.head - 6}" x2="${lineX}" y2="${bottom}"/>${bars.join("")}`;
}

export function shareOf(ratio: number): string {
  return ratio < 0.0995 ? ratio.toFixed(3) : ratio.toFixed(2);
}
