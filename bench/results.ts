// What a run gives, and the numbers that it is summed up in.

export interface Latency {
  /** Requests a second that were sent: half of what the server can do. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly failed: number;
}

/** One server in one scenario. */
export interface Figure {
  readonly contestant: string;
  /** Requests a second of each round. */
  readonly rates: readonly number[];
  readonly rate: number;
  /** Median over the rounds of its rate as a share of bare node:http in the same round. */
  readonly ratio: number;
  /** Its quartiles: half of the rounds lie between them. */
  readonly lower: number;
  readonly upper: number;
  /** Microseconds of CPU time that the server used for a request, garbage collection included. */
  readonly cpuMicros: number | undefined;
  /** Median over the rounds of bare node:http's CPU time as a share of its own. It is steadier than a rate on a busy machine. */
  readonly cpuRatio: number | undefined;
  readonly latency?: Latency;
}

export interface Results {
  readonly date: string;
  readonly node: string;
  readonly cpu: string;
  readonly pinned: boolean;
  readonly load: string;
  readonly connections: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly scenarios: readonly { readonly name: string; readonly figures: readonly Figure[] }[];
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share of the values lies, between two of them by distance. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at % 1);
}

/**
 * How far off the median of a figure may be: its standard error as a share of it, for values spread normally. Their
 * quartiles are 1.35 standard deviations apart, and their median is 1.25 times as uncertain as their mean.
 */
export function doubtOf({ ratio, lower, upper, rates }: Figure): number {
  return (1.25 * (upper - lower)) / 1.35 / Math.sqrt(rates.length) / ratio;
}

/** What one round gave. */
export interface Round {
  readonly rate: number;
  readonly cpuMicros: number | undefined;
}

export function figureOf(
  contestant: string,
  rounds: readonly Round[],
  yardstick: readonly Round[],
  latency?: Latency,
): Figure {
  const rates = rounds.map(({ rate }) => rate);
  const ratios = rates.map((rate, round) => rate / (yardstick[round]?.rate ?? Number.NaN));
  const cpu = rounds.map(({ cpuMicros = Number.NaN }) => cpuMicros);
  const cpuRatio = median(cpu.map((micros, round) => (yardstick[round]?.cpuMicros ?? Number.NaN) / micros));
  return {
    contestant,
    rates: rates.map(Math.round),
    rate: Math.round(median(rates)),
    ratio: median(ratios),
    lower: quantile(ratios, 0.25),
    upper: quantile(ratios, 0.75),
    cpuMicros: Number.isNaN(cpuRatio) ? undefined : median(cpu),
    cpuRatio: Number.isNaN(cpuRatio) ? undefined : cpuRatio,
    ...(latency && { latency }),
  };
}

/** A Markdown table: a row for each server, a column for each scenario. */
export function tableOf({ scenarios }: Results, cell: (figure: Figure) => string): string {
  const names = scenarios[0]?.figures.map(({ contestant }) => contestant) ?? [];
  const rows = names.map((name, row) => {
    const figures = scenarios.map((scenario) => scenario.figures[row]);
    return [name].concat(figures.map((figure) => (figure === undefined ? "" : cell(figure))));
  });
  const table = [["", ...scenarios.map(({ name }) => name)], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(3, ...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const [head = [], ...body] = table;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(head), rule, ...body.map(line)].join("\n");
}
