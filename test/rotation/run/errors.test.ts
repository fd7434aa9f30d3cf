import assert from "node:assert/strict";
import {
  cannotMint,
  cannotVerify,
  neverSeen,
  noneAvailable,
  notProven,
  notResent,
  outcomeUnknown,
  reachesOthers,
  rollEnded,
} from "../../../src/rotation/run/errors";
import type { TursoError } from "../../../src/turso/errors";
import { AT, errorOf } from "../results";

const ID = "acme/databases/app";
const LOST = { at: AT, answer: "the API answered 500" };
const WHY = "No old token could be tried.";

describe("an error that is not the API's own", () => {
  interface Row {
    error: TursoError;
    message: string;
    effect?: "unknown";
    isGone?: true;
  }
  const ROWS: Record<string, Row> = {
    "for a name that never existed advises to check it": {
      error: neverSeen(ID),
      message: `Rotating ${ID}: the API says that it does not exist. Nothing was changed. Check the name and the organization, or remove the name from the list.`,
      isGone: true,
    },
    "for a rotation that reaches other databases names the blast radius and each way out": {
      error: reachesOthers(ID, "this invalidates more", "default"),
      message: `Rotating ${ID}: groupImpact is "refuse", and this invalidates more. Nothing was changed. Rotate the group "default" instead, move the database to a group of its own, or set groupImpact to "warn".`,
    },
    "for a run without verification that has to verify says why": {
      error: cannotVerify(ID, "there is no token to try"),
      message: `Rotating ${ID}: verify is "required", and the rotation could not be verified: there is no token to try. Nothing was changed. Fix this, or set verify to "auto" to rotate without verification.`,
    },
    "for a list that waits for tokens names maxUnavailable": {
      error: noneAvailable(ID),
      message: `Rotating ${ID}: too many targets that were rotated before it have no token yet (the limit is maxUnavailable, and one in the same group). Nothing was changed. Fix why their tokens could not be minted, then run \`pulumi up\` again.`,
    },
    "for a list that stopped says after how many rotations": {
      error: rollEnded(ID),
      message: `Rotating ${ID}: the API gave no usable answer to 3 rotations in a row, so the run sent no further ones. Nothing was changed. Once the API responds again, run \`pulumi up\`.`,
    },
    "for a lost rotation that was not carried out says when it was sent, and that old tokens are accepted": {
      error: notResent(ID, LOST),
      message: `Rotating ${ID} at ${AT}: the API answered 500. It was not carried out: old tokens are still accepted. It is not sent again while suspend is true.`,
    },
    "for an unknown outcome with a canary token leaves it to the next run": {
      error: outcomeUnknown(ID, LOST, true, WHY),
      message: `Rotating ${ID} at ${AT}: the API answered 500. Whether it was carried out is unknown. ${WHY} It is saved as pending and not sent again blindly: a second rotation would invalidate the tokens minted after the first. Run \`pulumi up\` again: it resolves this first.`,
      effect: "unknown",
    },
    "for an unknown outcome without a canary token leaves it to a person": {
      error: outcomeUnknown(ID, LOST, false, WHY),
      message: `Rotating ${ID} at ${AT}: the API answered 500. Whether it was carried out is unknown. ${WHY} It is saved as pending and not sent again blindly: a second rotation would invalidate the tokens minted after the first. Try an old token: if it is rejected, the rotation happened. To rotate for certain, change the trigger. To accept it as done, set rotateOnCreate: false and replace the resource (pulumi up --replace URN).`,
      effect: "unknown",
    },
    "for a rotation that old tokens outlive says that the rotation itself is done": {
      error: notProven(ID, "an old token is still accepted"),
      message: `Verifying the rotation of ${ID}: an old token is still accepted. The rotation itself is done and recorded. Run \`pulumi up\` again: it repeats only the check. If this keeps happening, raise verifyTimeout.`,
    },
  };
  for (const [what, { error, message, effect = "unchanged", isGone = false }] of Object.entries(ROWS))
    it(what, () => assert.deepEqual([error.message, error.effect, error.isGone], [message, effect, isGone]));

  it("for a token that cannot be minted keeps the refusal's answer, advice and status, and adds a way without it", () => {
    const refusal = errorOf({
      attempted: `minting a token for ${ID}`,
      status: 403,
      answer: "the API answered 403",
    });
    const error = cannotMint(ID, refusal, undefined);
    assert.match(
      cannotMint(ID, refusal, {}).message,
      / To rotate without a replacement, remove mint and set verify to "off"\.$/,
    );
    assert.equal(
      error.message,
      `Rotating ${ID}: no token could be minted to replace those that the rotation invalidates: the API answered 403. Nothing was changed. See the billing page. To rotate without a replacement, set verify to "off".`,
    );
    assert.equal(error.status, 403);
  });
});
