// An integrator's Node program, as written for NovelAI: only its address is a setting.
import { writeFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

const BASE = process.env.NOVELAI_IMAGE_BASE ?? "https://image.novelai.net";
const SCENE = "a harbour at dawn, sailing boats, lighthouse, no humans";
const headers = {
  Authorization: `Bearer ${process.env.NOVELAI_API_KEY}`,
  "Content-Type": "application/json",
};

/** The files of a ZIP, read by its central directory. */
function* unzip(zip) {
  let at = zip.readUInt32LE(zip.lastIndexOf("PK\x05\x06", undefined, "latin1") + 16);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const lengths = [28, 30, 32].map((field) => zip.readUInt16LE(at + field));
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const packed = zip.subarray(start, start + size);
    yield method === 0 ? packed : inflateRawSync(packed);
    at += 46 + lengths[0] + lengths[1] + lengths[2];
  }
}

function body(model, seed, prompt, samples) {
  const captioned = (text) => ({ caption: { base_caption: text, char_captions: [] } });
  const parameters = {
    width: 832, height: 1216, seed, n_samples: samples, steps: 23, scale: 5,
    sampler: "k_euler_ancestral", noise_schedule: "karras", negative_prompt: "lowres",
  };
  if (model !== "nai-diffusion-3") {
    parameters.v4_prompt = captioned(prompt);
    parameters.v4_negative_prompt = captioned("lowres");
  }
  return JSON.stringify({ input: prompt, model, action: "generate", parameters });
}

async function generate(name, model, seed, prompt = SCENE, samples = 1) {
  const options = { method: "POST", headers, body: body(model, seed, prompt, samples) };
  const answer = await fetch(`${BASE}/ai/generate-image`, options);
  if (!answer.ok) throw new Error(`${answer.status} ${(await answer.json()).message}`);
  let number = 0;
  for (const picture of unzip(Buffer.from(await answer.arrayBuffer()))) {
    writeFileSync(`${name}_${number++}.png`, picture);
  }
}

const checks = [
  () => generate("v3", "nai-diffusion-3", 11),
  () => generate("v4_5", "nai-diffusion-4-5-full", 12),
  () => generate("v5", "nai-diffusion-5-full", 13),
  () => generate("two", "nai-diffusion-4-5-full", 21, SCENE, 2),
  async () => {
    const plan = await (await fetch(`${BASE}/user/subscription`, { headers })).json();
    const anlas = Object.values(plan.trainingStepsLeft).reduce((sum, some) => sum + some, 0);
    writeFileSync("subscription.json", JSON.stringify({ tier: plan.tier, anlas }));
  },
  () =>
    generate("refusal", "nai-diffusion-4-5-full", 14, "ท่าเรือยามเช้า เรือใบ").then(
      () => writeFileSync("refusal.txt", "not refused"),
      (fault) => writeFileSync("refusal.txt", fault.message),
    ),
];
for (const check of checks) await check().catch((fault) => console.error(fault));
