/** A process of the soak: plays the blocks that it is given, until the soak disconnects. */
import { Player } from "../player";
import { playBlock, type Block, type Report } from "./block";

async function work(): Promise<void> {
  const player = await Player.start();
  const report = (each: Report): void => void process.send?.(each);
  process.on("message", (block: Block) => {
    void playBlock(player, block, report).then(() => report({ type: "ready" }));
  });
  process.on("disconnect", () => process.exit());
  report({ type: "ready" });
}

void work();
