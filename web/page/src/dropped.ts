// The files in what was dropped, folders included.

export async function droppedFiles(event: DragEvent): Promise<File[]> {
  const items = [...(event.dataTransfer?.items ?? [])];
  // The items are gone once the event is over, so all of them are asked first.
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.every((entry) => entry === null)) {
    return [...(event.dataTransfer?.files ?? [])];
  }
  const found = await Promise.all(entries.map((entry) => (entry ? filesOf(entry) : [])));
  return found.flat();
}

async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await new Promise<File>((take, fail) => (entry as FileSystemFileEntry).file(take, fail))];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: File[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((take, fail) => reader.readEntries(take, fail));
    if (some.length === 0) {
      return files;
    }
    for (const inner of some) {
      files.push(...(await filesOf(inner)));
    }
  }
}
