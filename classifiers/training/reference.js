// Runs the published models under Node, and writes their answers into the vectors.
// See reference.py for how to use it. `face-api` asks for `@tensorflow/tfjs-node`: a package of that
// name that re-exports `@tensorflow/tfjs` is enough.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const tf = require(require.resolve("@tensorflow/tfjs", { paths: [process.cwd()] }));
const [vectors, inputs] = process.argv.slice(2);
const EVERY = { tiny_face_detector: 17 }; // of its 4,225 values, every 17th is kept

async function content() {
  const folder = path.resolve("nsfwjs/package/dist/models/mobilenet_v2");
  const model = require(path.join(folder, "model.min.js"));
  const shard = require(path.join(folder, "group1-shard1of1.min.js"));
  const network = await tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: model.modelTopology,
      weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
      weightData: Uint8Array.from(Buffer.from(shard, "base64")).buffer,
    }),
  );
  return (pixels) => network.predict(pixels.toFloat().div(255));
}

function load(faceapi, network, name) {
  const folder = path.resolve("face-api/package/model");
  const manifest = JSON.parse(fs.readFileSync(`${folder}/${name}-weights_manifest.json`));
  const shard = Uint8Array.from(fs.readFileSync(`${folder}/${name}.bin`)).buffer;
  const specs = manifest.flatMap((group) => group.weights);
  network.loadFromWeightMap(faceapi.tf.io.decodeWeights(shard, specs));
  return network;
}

async function main() {
  const faceapi = require(path.resolve("face-api/package/dist/face-api.node.js"));
  const detector = load(faceapi, faceapi.nets.tinyFaceDetector, "tiny_face_detector_model");
  const age = load(faceapi, faceapi.nets.ageGenderNet, "age_gender_model");
  const networks = {
    nsfw_mobilenet_v2: await content(),
    tiny_face_detector: (pixels) => detector.forward(pixels, 416),
    face_age: async (pixels) => (await age.forward(pixels)).age,
  };
  for (const [name, network] of Object.entries(networks)) {
    const file = path.join(vectors, `${name}.json`);
    const vector = JSON.parse(fs.readFileSync(file));
    for (const [number, one] of vector.cases.entries()) {
      const bytes = new Int32Array(fs.readFileSync(path.join(inputs, `${name}.${number}`)));
      const side = Math.sqrt(bytes.length / 3);
      const answer = await network(tf.tensor4d(bytes, [1, side, side, 3], "int32"));
      const step = EVERY[name] ?? 1;
      one.answer = Array.from(answer.dataSync()).filter((_, index) => index % step === 0);
    }
    fs.writeFileSync(file, `${JSON.stringify(vector, null, 1)}\n`);
  }
}

main();
