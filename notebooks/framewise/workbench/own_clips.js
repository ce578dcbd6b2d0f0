// The form for a clip of one's own: a video from the disk or the camera, and the consent of
// everyone in it. Files go to the kernel in pieces, and nowhere else.

const PIECE = 1 << 20; // bytes that travel together; the next piece goes when the last has arrived
const PATIENCE = 20000; // ms without an answer after which we stop waiting for the kernel
const INSTEAD = "Film with a phone instead and choose the file.";
const CAMERA = { // what the browser says, and what that means
  NotAllowedError: "The browser does not let this page use the camera. Click the camera icon beside " +
    `the address to allow it, then try again. Or leave the camera off. ${INSTEAD}`,
  NotFoundError: `No camera was found. ${INSTEAD}`,
  NotReadableError: "Another program is using the camera. Close that program and try again. " +
    INSTEAD,
  insecure: "Browsers open the camera only to pages from this computer itself (localhost) or with " +
    `https://, and this page is neither. ${INSTEAD}`,
  unable: `This browser cannot record video. ${INSTEAD}`,
};

const plain = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const megabytes = (bytes) => (bytes < 1e5 ? "under 0.1 MB" : `${(bytes / 1e6).toFixed(1)} MB`);
const radio = (name, value, words) =>
  `<label class="tick"><input type="radio" name="${name}" value="${value}">${words}</label>`;
const field = (name, words, more = "") => `<label>${words}<input name="${name}" ${more}></label>`;

function inAYear() {
  const day = new Date();
  day.setFullYear(day.getFullYear() + 1);
  return day.toISOString().slice(0, 10);
}

const markup = ({ longest }, group) => `<section class="own-clip" aria-label="A clip of your own"
  data-lm-suppress-shortcuts="true">
  <h3>A clip of your own</h3>
  <p class="hint">The clip should show a face clearly for a few seconds. It may last a minute at most. It stays on the computer
    that runs this course, in <code>data/my_clips</code>.</p>
  <div><button type="button" name="choose">Choose a video file</button><button type="button"
    name="camera">Use the camera</button></div>
  <label class="tick"><input type="checkbox" name="sound">record sound too when I use the camera</label>
  <input type="file" name="video" accept="video/*" hidden>
  <video muted playsinline hidden></video>
  <div hidden class="shooting"><button type="button" name="record" class="main">Record</button><button
    type="button" name="close">Close the camera</button>
    <small>A recording lasts ${longest} seconds at most. The picture is mirrored here, but not in the clip.</small></div>
  <p role="status" class="video"></p>
  <div class="row">${field("id", "Name of the clip")}${field("start", "Begin at", 'value="0:00"')}${
    field("seconds", "Length in seconds", 'inputmode="decimal" placeholder="to the end"')}</div>
  <h3>The people in it</h3>
  <fieldset><legend>Who is shown?</legend>
    ${radio(`${group}me`, "yes", "only me")}
    ${radio(`${group}me`, "", "others, or others and me")}</fieldset>
  <label><span class="names"></span><textarea name="who" rows="2"></textarea></label>
  <div class="paper" hidden><p>Each of them must sign the form <code>data/consent_form.md</code>. For a
    minor, a guardian must sign too. Put several sheets into one photo or PDF.</p>
    <button type="button" name="paper">Choose the photo or scan of the form</button>
    <input type="file" name="form" accept="image/*,.pdf" hidden>
    <p role="status" class="form"></p></div>
  <fieldset><legend>What did everyone agree to?</legend>
    ${radio(`${group}scope`, "analyse", "that the clip may be looked at and measured")}
    ${radio(`${group}scope`, "analyse make", "that it may be looked at and measured, and that fakes with a visible mark may be made from it")}
  </fieldset>
  <div class="row">${field("until", "Until when?", `type="date" value="${inAYear()}"`)}</div>
  ${field("contact", "Who can withdraw the consent, and how can they be reached?")}
  <label class="tick"><input type="checkbox" name="agreed"><span></span></label>
  <p></p><button type="button" name="keep" class="main">Keep this clip</button>
  <progress max="100" hidden></progress><p role="status" class="keep"></p></section>`;

const VOWS = {
  yes: "This is me, nobody else is shown, I may decide this myself, and I agree.",
  "": "Everyone shown has agreed to exactly this and has signed the form.",
};

const KEEPING = "Wait until the clip has been kept.";

// The camera: from the preview to a recording that ends by itself.
function makeCamera(video, longest, told) {
  let stream = null, recorder = null, timer = 0;

  async function open(sound) {
    if (!navigator.mediaDevices?.getUserMedia) throw new Error(isSecureContext ? CAMERA.unable : CAMERA.insecure);
    if (!globalThis.MediaRecorder) throw new Error(CAMERA.unable);
    const wish = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: "user" };
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: wish, audio: sound });
    } catch (error) {
      throw new Error(CAMERA[error.name] ?? `The camera does not open (${error.message}). ${INSTEAD}`);
    }
    [video.srcObject, video.muted, video.controls, video.hidden] = [stream, true, false, false];
    video.classList.add("mirror");
    await video.play();
  }
  function close() {
    clearInterval(timer);
    if (recorder?.state === "recording") recorder.stop();
    stream?.getTracks().forEach((track) => track.stop());
    if (stream) [video.srcObject, video.hidden] = [null, true];
    stream = recorder = null;
  }
  function record() {
    const parts = [];
    let began = performance.now();
    const mine = recorder = new MediaRecorder(stream, { videoBitsPerSecond: 5e6 });
    recorder.onstart = () => { began = performance.now(); };
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => told.done(new Blob(parts, { type: mine.mimeType }));
    recorder.start(1000);
    timer = setInterval(() => {
      const seconds = (performance.now() - began) / 1000;
      told.running(seconds);
      if (seconds >= longest) stop();
    }, 100);
  }
  function stop() {
    clearInterval(timer);
    if (recorder?.state === "recording") recorder.stop();
  }
  return { open, close, record, stop, recording: () => recorder?.state === "recording" };
}

function render({ model, el }) {
  const info = model.get("_info");
  el.innerHTML = markup(info, `own${Math.random().toString(36).slice(2)}-`);
  const root = el.querySelector("section"), video = el.querySelector("video");
  const named = (name) => root.querySelector(`[name="${name}"]`);
  const radios = (name) => [...root.querySelectorAll(`[name$="-${name}"]`)];
  const chosen = (name) => radios(name).find((one) => one.checked)?.value;
  const bar = root.querySelector("progress");
  const here = {}; // kind -> name of the file that has arrived
  let sending = null, patience = 0, address = null, discard = false;

  function say(where, words, bad = false) {
    const line = root.querySelector(`.${where}[role=status]`);
    line.textContent = words;
    line.classList.toggle("bad", bad);
  }
  function show(blob) { // what was recorded or chosen, to look at before it is kept
    if (address) URL.revokeObjectURL(address);
    address = blob && URL.createObjectURL(blob);
    [video.hidden, video.controls, video.muted] = [!blob, true, false];
    video.classList.remove("mirror");
    blob ? (video.src = address) : video.removeAttribute("src");
  }

  function hand(kind, blob, name) {
    if (sending) return say(kind, "Wait until the other file has arrived.", true);
    if (named("keep").disabled) return say(kind, KEEPING, true);
    delete here[kind];
    if (!blob.size) return say(kind, `${name} is empty. Choose another file.`, true);
    if (blob.size > info.most[kind]) {
      const remedy = kind === "video"
        ? `Use the command: python3 scripts/course.py add-clip "${name}"`
        : "Choose a smaller photo or scan.";
      return say(kind, `${name} is ${megabytes(blob.size)}, but the browser can send at most ` +
        `${megabytes(info.most[kind])}. ${remedy}`, true);
    }
    sending = { kind, blob, name };
    pass(0);
  }
  async function pass(at) {
    const { kind, blob, name } = sending;
    if (at >= blob.size) {
      [sending, here[kind]] = [null, name];
      clearTimeout(patience);
      return say(kind, `${name} is here (${megabytes(blob.size)}).`);
    }
    say(kind, `${name} is on its way: ${Math.floor((100 * at) / blob.size)} %`);
    const piece = await blob.slice(at, at + PIECE).arrayBuffer();
    model.send({ kind, name, at, size: blob.size }, undefined, [new DataView(piece)]);
    wait();
  }
  function wait() {
    clearTimeout(patience);
    patience = setTimeout(() => {
      const kind = sending?.kind ?? "keep";
      sending = null;
      say(kind, "The kernel does not answer. Run the cell again and choose the file once more.", true);
      busy(false);
    }, PATIENCE);
  }
  function busy(on) {
    named("keep").disabled = on;
    bar.hidden = !on;
    bar.removeAttribute("value");
  }

  function missing() {
    const alone = chosen("me");
    return [
      [here.video, "a video"], [alone !== undefined, "who is shown"], [named("who").value.trim(), "the names"],
      [alone !== "" || here.form, "the signed form"], [chosen("scope"), "what everyone agreed to"],
      [named("until").value, "the day until which the consent lasts"], [named("contact").value.trim(), "who can withdraw the consent"],
      [alone === undefined || named("agreed").checked, "a tick beside the sentence above the button"],
    ].filter(([given]) => !given).map(([, words]) => words);
  }
  function keep() {
    const lacking = missing();
    if (sending) return say("keep", "Wait until the file has arrived.", true);
    if (lacking.length) return say("keep", `Still missing: ${lacking.join(", ")}.`, true);
    const text = (name) => named(name).value.trim();
    busy(true);
    say("keep", "Looking at the video ...");
    model.send({ keep: {
      id: text("id"), start: text("start"), seconds: text("seconds"), until: text("until"), contact: text("contact"),
      who: text("who").split("\n").map((name) => name.trim()).filter(Boolean),
      me: chosen("me") === "yes", scope: chosen("scope").split(" "),
    } });
  }
  function hear(news) {
    clearTimeout(patience);
    if ("at" in news) return sending && pass(news.at);
    if ("percent" in news) {
      bar.value = news.percent;
      return say("keep", `${news.doing} ...`);
    }
    busy(false);
    const kind = sending?.kind ?? "keep";
    sending = null;
    if (news.error) return say(kind, kind === "keep" ? `Not kept: ${news.error}` : news.error, true);
    say("keep", news.said);
    for (const other of Object.keys(here)) { delete here[other]; say(other, ""); }
    show(null);
    named("id").value = named("seconds").value = "";
    [named("start").value, named("agreed").checked] = ["0:00", false];
  }

  const camera = makeCamera(video, info.longest, {
    running: (seconds) => say("video", `recording: ${Math.floor(seconds)} of ${info.longest} s`),
    done(blob) {
      camera.close();
      shooting(false);
      if (discard) return;
      show(blob);
      const ending = blob.type.includes("mp4") ? "mp4" : "webm";
      take(blob, `camera ${new Date().toTimeString().slice(0, 8).replaceAll(":", ".")}.${ending}`);
    },
  });
  function shooting(on) {
    root.querySelector(".shooting").hidden = !on;
    named("record").textContent = "Record";
    named("camera").disabled = named("choose").disabled = on;
  }
  function take(blob, name) {
    named("id").value = name.replace(/\.\w+$/, "");
    hand("video", blob, name);
  }
  const acts = {
    choose: () => named("video").click(),
    paper: () => named("form").click(),
    async camera() {
      if (named("keep").disabled) return say("video", KEEPING, true);
      show(null);
      shooting(true);
      say("video", "The browser may ask whether this page may use the camera.");
      try {
        await camera.open(named("sound").checked);
        [discard] = [false];
        say("video", "");
      } catch (error) {
        shooting(false);
        say("video", error.message, true);
      }
    },
    record() {
      if (camera.recording()) return camera.stop();
      camera.record();
      named("record").textContent = "Stop";
    },
    close() {
      discard = true;
      camera.close();
      shooting(false);
      say("video", "");
    },
    keep,
  };
  video.addEventListener("error", () => (video.hidden = true)); // what this browser cannot play is kept all the same
  root.addEventListener("click", (event) => acts[event.target.closest("button")?.name]?.());
  root.addEventListener("change", ({ target }) => {
    if (target.name === "video" && target.files[0]) {
      if (!sending && !named("keep").disabled) show(target.files[0]);
      take(target.files[0], target.files[0].name);
    }
    if (target.name === "form" && target.files[0]) hand("form", target.files[0], target.files[0].name);
    if (target.type === "file") target.value = "";
    if (radios("me").includes(target)) people();
  });
  function people() { // what is asked depends on who is shown
    const alone = chosen("me");
    root.querySelector(".paper").hidden = alone !== "";
    root.querySelector(".names").textContent = alone ? "Your name" : "Every name, one on each line";
    named("agreed").checked = false;
    named("agreed").closest("label").hidden = alone === undefined;
    named("agreed").nextElementSibling.textContent = VOWS[alone] ?? "";
  }
  people();
  model.on("msg:custom", hear);
  return () => {
    model.off("msg:custom", hear);
    discard = true;
    camera.close();
    clearTimeout(patience);
    if (address) URL.revokeObjectURL(address);
  };
}

export default { render };
