/** `npm run test:contract -- FILE`. */
import { main } from "./check";

void main(process.argv.slice(2), (line) => console.log(line)).then((code) => (process.exitCode = code));
