// Verifies in this browser that an entry is in the log: RFC 6962's tree, C2SP's checkpoint and proof.
const HASH_BYTES = 32;
const MOST_STEPS = 63;

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const joined = (...parts) => new Uint8Array(parts.flatMap((part) => [...part]));
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
const hash = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
const leafHash = (leaf) => hash([0], leaf);
const nodeHash = (left, right) => hash([1], left, right);

const number = (text) => {
  const value = Number(text);
  if (!/^(0|[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(value)) throw new Error("a number is none");
  return value;
};

// Index and size alone say on which side each hash stands: the prover decides nothing.
export const sides = (index, size) => {
  if (!(index < size)) throw new Error("the entry is not inside the tree");
  const found = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    let half = 1;
    while (half * 2 < end - start) half *= 2;
    if (index < start + half) {
      found.push("right");
      end = start + half;
    } else {
      found.push("left");
      start += half;
    }
  }
  return found.reverse();
};

export const parse = (proof) => {
  const cut = proof.indexOf("\n\n");
  const lines = proof.slice(0, cut).split("\n");
  if (cut < 0 || lines.shift() !== "c2sp.org/tlog-proof@v1") throw new Error("this is no proof");
  if (lines[0]?.startsWith("extra ")) lines.shift(); // nothing vouches for it
  const index = number(lines.shift()?.replace(/^index /, "") ?? "");
  const path = lines.map(bytes);
  const note = proof.slice(cut + 2);
  const end = note.indexOf("\n\n");
  const text = note.slice(0, end + 1);
  const [origin, size, root] = text.split("\n");
  if (end < 0 || path.length > MOST_STEPS || path.some((step) => step.length !== HASH_BYTES)) throw new Error("this is no proof");
  const signatures = note.slice(end + 2).split("\n").filter((line) => line.startsWith("\u2014 "));
  return { index, path, text, origin, size: number(size), root: bytes(root), signatures };
};

export const included = async (leaf, proof) => {
  const where = sides(proof.index, proof.size);
  if (where.length !== proof.path.length) throw new Error("the way up has another length");
  let current = await leafHash(leaf);
  for (const [at, step] of proof.path.entries()) {
    current = where[at] === "right" ? await nodeHash(current, step) : await nodeHash(step, current);
  }
  return same(current, proof.root);
};

// Returns the key by which the checkpoint is signed, "" if by none of them, null if nobody can tell here.
export const signedBy = async (proof, keys) => {
  const text = new TextEncoder().encode(proof.text);
  for (const key of keys) {
    const [name, id, encoded] = key.split("+", 2).concat(key.split("+").slice(2).join("+"));
    const line = proof.signatures.map((each) => each.slice(2).split(" ")).find(([who, blob]) => {
      const short = [...bytes(blob).slice(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return who === name && short === id;
    });
    if (line === undefined || name !== proof.origin) continue;
    let imported;
    try {
      imported = await crypto.subtle.importKey("raw", bytes(encoded).slice(1), "Ed25519", false, ["verify"]);
    } catch {
      return null; // this browser knows no Ed25519
    }
    return (await crypto.subtle.verify("Ed25519", imported, bytes(line[1]).slice(4), text)) ? `${name}+${id}` : "";
  }
  return "";
};

export const verified = async ({ leaf, proof, keys }, entry) => {
  const content = bytes(leaf);
  const read = parse(proof);
  if (JSON.parse(new TextDecoder().decode(content)).id !== entry) return [false, "It does not hold: this is another entry's leaf."];
  if (!(await included(content, read))) return [false, "It does not hold: the entry's bytes do not lead to the root of the checkpoint."];
  const place = `Entry ${read.index} is in the log of ${read.size} of ${read.origin}: its bytes lead to the root of the checkpoint (SHA-256, checked here)`;
  const by = await signedBy(read, keys);
  if (by === "") return [false, `It does not hold: ${place}, but no key of the log has signed that checkpoint.`];
  if (by === null) return [true, `${place}. Its signature was not checked: this browser knows no Ed25519.`];
  return [true, `${place}, and the checkpoint is signed by ${by} (Ed25519, checked here). Compare that key with the one you were given elsewhere.`];
};

const panel = document.getElementById("verify");
if (panel !== null && globalThis.crypto?.subtle !== undefined) {
  panel.hidden = false;
  const told = document.getElementById("verified");
  panel.addEventListener("click", async (event) => {
    const entry = event.target.dataset?.entry;
    if (entry === undefined) return;
    told.className = "";
    told.textContent = "";
    try {
      const answer = await fetch(`${panel.dataset.proof}?entry=${entry}`, { cache: "no-store", credentials: "same-origin", redirect: "error" });
      if (!answer.ok) throw new Error("no proof came");
      const [holds, message] = await verified(await answer.json(), entry);
      told.className = holds ? "done" : "problem";
      told.textContent = message;
    } catch (fault) {
      told.className = "problem";
      told.textContent = `It could not be verified: ${fault.message}.`;
    }
  });
}
