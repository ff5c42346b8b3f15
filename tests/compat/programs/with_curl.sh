#!/bin/sh
# An integrator's shell program, as written for NovelAI: only its address is a setting.
BASE=${NOVELAI_IMAGE_BASE:-https://image.novelai.net}
KEY="Authorization: Bearer $NOVELAI_API_KEY"
SCENE="a harbour at dawn, sailing boats, lighthouse, no humans"

body() { # model, seed, samples, prompt
    captions=""
    if [ "$1" != nai-diffusion-3 ]; then
        captions=$(printf '"v4_prompt":{"caption":{"base_caption":"%s","char_captions":[]},"use_coords":false,"use_order":true},"v4_negative_prompt":{"caption":{"base_caption":"lowres","char_captions":[]}},' "$4")
    fi
    printf '{"input":"%s","model":"%s","action":"generate","parameters":{%s"width":832,"height":1216,"seed":%s,"n_samples":%s,"steps":23,"scale":5,"sampler":"k_euler_ancestral","noise_schedule":"karras","negative_prompt":"lowres"}}' \
        "$4" "$1" "$captions" "$2" "$3"
}

generate() { # name, then as for body
    name=$1
    shift
    body "$@" | curl --silent --show-error --fail --header "$KEY" \
        --header "Content-Type: application/json" --data-binary @- \
        --output "$name.zip" "$BASE/ai/generate-image" || return
    unzip -q -o "$name.zip" -d "$name"
    number=0
    for picture in "$name"/*.png; do
        mv "$picture" "${name}_$number.png"
        number=$((number + 1))
    done
}

generate v3 nai-diffusion-3 11 1 "$SCENE"
generate v4_5 nai-diffusion-4-5-full 12 1 "$SCENE"
generate v5 nai-diffusion-5-full 13 1 "$SCENE"
generate two nai-diffusion-4-5-full 21 2 "$SCENE"
curl --silent --show-error --header "$KEY" "$BASE/user/subscription" >plan.json
printf '{"tier": %s, "anlas": %s}' \
    "$(grep -o '"tier": *[0-9]*' plan.json | grep -o '[0-9]*$')" \
    "$(grep -o '"fixedTrainingStepsLeft": *[0-9]*' plan.json | grep -o '[0-9]*$')" >subscription.json
status=$(body nai-diffusion-4-5-full 14 1 "ท่าเรือยามเช้า เรือใบ" | curl --silent --show-error \
    --header "$KEY" --header "Content-Type: application/json" --data-binary @- \
    --output answer.json --write-out '%{http_code}' "$BASE/ai/generate-image")
if [ "$status" = 200 ]; then echo "not refused"; else cat answer.json; fi >refusal.txt
