import type { Chapter } from "../break";
import { BESIDE_OTHERS } from "./beside";
import { CASUALTIES, LOOKUPS } from "./casualties";
import { DARK } from "./dark";
import { DELIVERY } from "./delivery";
import { EVIDENCE } from "./evidence";
import { HEALING } from "./healing";
import { LIMITS, LIVENESS } from "./limits";
import { MEMBERS } from "./members";
import { ONCE } from "./once";
import { OUTAGE } from "./outage";
import { AGE, ROTATING } from "./rotating";
import { SECRECY, STATE, TELLING } from "./telling";

export const CHAPTERS: readonly Chapter[] = [
  ROTATING,
  AGE,
  ONCE,
  LIVENESS,
  LIMITS,
  OUTAGE,
  DARK,
  EVIDENCE,
  DELIVERY,
  MEMBERS,
  BESIDE_OTHERS,
  CASUALTIES,
  HEALING,
  LOOKUPS,
  SECRECY,
  TELLING,
  STATE,
];
