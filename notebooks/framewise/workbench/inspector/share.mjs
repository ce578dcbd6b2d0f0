// Marks leave the browser as a file: a phone shares it, a computer downloads it.

export function marksFile({ model, info }, committed) {
  const marks = { clip: info.sha256, committed, marks: model.get("marks") };
  const text = JSON.stringify(marks, null, 1);
  return new File([text], `${info.name}.marks.json`, { type: "application/json" });
}

export async function saveMarks(app, committed) {
  const file = marksFile(app, committed);
  const phone = matchMedia("(pointer: coarse)").matches;
  if (phone && navigator.canShare?.({ files: [file] })) {
    const shared = await navigator.share({ files: [file] }).then(
      () => true,
      (error) => error.name === "AbortError", // the reader changed their mind
    );
    if (shared) return;
  }
  const href = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href, download: file.name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1e4);
  app.one(".kept").textContent = `Saved as ${file.name} among your downloads.`;
}
