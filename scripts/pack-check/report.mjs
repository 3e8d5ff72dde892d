/** Collects what was tried into tables, and what failed into a list that is printed after them. */
export class Report {
  passed = 0;
  failures = [];
  #tables = [];

  /** @param first The head of the first column, which names the rows. */
  table(title, first) {
    const table = new Table(title, first, this);
    this.#tables.push(table);
    return table;
  }

  print() {
    for (const table of this.#tables) console.log(`${table}\n`);
    for (const failure of this.failures) console.error(`FAILED: ${failure}\n`);
    console.log(`${this.passed} passed, ${this.failures.length} failed`);
  }
}

class Table {
  #title;
  #columns;
  #rows = [];
  #report;

  constructor(title, first, report) {
    this.#title = title;
    this.#columns = [first];
    this.#report = report;
  }

  row(name) {
    const cells = new Map([[this.#columns[0], name]]);
    this.#rows.push(cells);
    const note = (column, text) => {
      if (!this.#columns.includes(column)) this.#columns.push(column);
      cells.set(column, String(text));
    };
    const attempt = async (column, action) => {
      try {
        note(column, (await action())?.cell ?? "ok");
        this.#report.passed += 1;
      } catch (error) {
        note(column, "FAILED");
        this.#report.failures.push(`${this.#title}, ${name}, ${column}: ${error.message}`);
      }
    };
    return { note, try: attempt };
  }

  toString() {
    const lines = [
      this.#columns,
      ...this.#rows.map((cells) => this.#columns.map((name) => cells.get(name) ?? "–")),
    ];
    const widths = this.#columns.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
    const text = lines.map((cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(" | ")} |`);
    text.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
    return `${this.#title}\n\n${text.join("\n")}`;
  }
}
