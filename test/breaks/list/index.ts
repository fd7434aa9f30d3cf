import type { Chapter } from "../break";
import { AGE, ROTATING } from "./rotating";

export const CHAPTERS: readonly Chapter[] = [ROTATING, AGE];
