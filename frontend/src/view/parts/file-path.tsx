/** A path, cut short from its folders on. */

/** The name is what one looks for: where there is little room, the folders give way first. */
export function FilePath({ path }: { path: string }) {
  const cut = path.lastIndexOf("/") + 1;
  return (
    <span class="file-path grow" title={path}>
      {cut > 0 && <span class="cut file-folders">{path.slice(0, cut)}</span>}
      <span class="cut">{path.slice(cut)}</span>
    </span>
  );
}
