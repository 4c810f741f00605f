// The files in what was dropped, folders included.

/** A file, and the folder that it came from. */
export interface Dropped {
  file: File;
  folder: string;
}

/** Files that were picked, which come from one folder. */
export function picked(files: Iterable<File>): Dropped[] {
  return [...files].map((file) => ({ file, folder: '/' }));
}

export async function droppedFiles(event: DragEvent): Promise<Dropped[]> {
  const items = [...(event.dataTransfer?.items ?? [])];
  // The items are gone once the event is over, so all of them are asked first.
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.every((entry) => entry === null)) {
    return picked(event.dataTransfer?.files ?? []);
  }
  const found = await Promise.all(entries.map((entry) => (entry ? filesOf(entry) : [])));
  return found.flat();
}

async function filesOf(entry: FileSystemEntry): Promise<Dropped[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((take, fail) => (entry as FileSystemFileEntry).file(take, fail));
    return [{ file, folder: entry.fullPath.slice(0, entry.fullPath.lastIndexOf('/') + 1) }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: Dropped[] = [];
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
