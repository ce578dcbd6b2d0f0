// The words that say what to do, and the answer that comes before the truth.

import { plain } from "./timeline.mjs";

export function taskOf({ on, info, locked, marks }) {
  if (on.has("boxing")) {
    return "Press on the picture and drag to draw a box. Press b or Escape to stop.";
  }
  if (on.has("loupe")) {
    return "Move the pointer over the picture to see single pixels. On a touch screen, keep a finger on it.";
  }
  const empty = locked ? -1 : marks.findIndex(({ reason }) => !reason);
  if (empty >= 0) return `Mark ${empty + 1} is made. Say below what is odd about it.`;
  if (info.blind && !locked) {
    return "Look for anything that was altered. Draw a box around it, or mark the frame.";
  }
  return "Step through the frames. Draw a box around anything that looks odd.";
}

const button = (name, label) => `<button type="button" name="${name}">${label}</button>`;

// The truth is shown only to somebody who has given an answer. To have found nothing is an answer.
export function answerPanel({ info, locked, marks, model }) {
  const words = model.get("_verdict")?.words;
  const count = marks.length;
  const answer = count
    ? `commit my ${count} mark${count > 1 ? "s" : ""}`
    : "I found nothing altered";
  if (!info.blind) return "";
  if (words) {
    return `<p role="status"><b>The truth:</b> ${plain(words)}</p>${button("again", "mark again")}`;
  }
  if (locked) return `<p>Your answer is final.</p>${button("reveal", "show the truth")}`;
  return `<p>You see the truth after you have given your answer. Say for each mark how sure you are.
    If you have searched the whole clip and found nothing, that is an answer too.</p>
    ${button("commit", answer)}`;
}
