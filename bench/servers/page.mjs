/** The page that every server answers an anonymous visitor with: the size of a small real one. */
const articles = Array.from(
  { length: 12 },
  (_, index) =>
    `<article><h2>Article ${index + 1}</h2><p>What every visitor may read, logged in or not.</p></article>`,
);
export const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>News</title></head><body>${articles.join("")}</body></html>\n`;

/** What the route with a parameter answers. */
export const userOf = (id) => ({ id, name: `User ${id}`, roles: ["reader", "writer"], active: true });

/** Seconds that a session lives, everywhere. */
export const TTL = 3600;

export const port = Number(process.env.PORT ?? 7878);
