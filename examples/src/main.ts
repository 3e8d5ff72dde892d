// `npm start`: serves the example site.
import "./seed-main.ts";
