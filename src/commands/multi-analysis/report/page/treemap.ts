/** Lays the source tree out as a treemap: area is lines of code, every folder a labelled group (Shneiderman, 1992). */
import { type HierarchyRectangularNode, hierarchy, treemap, treemapSquarify } from 'd3-hierarchy';
import type { MeasuredFile } from '../../AnalysisReport.js';

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface FileCell extends Rectangle {
  readonly file: MeasuredFile;
}

interface FolderGroup extends Rectangle {
  /** Path of the folder below the group around it. */
  readonly label: string;
  /** 1 for a folder of the root. */
  readonly depth: number;
}

export interface Layout {
  readonly cells: readonly FileCell[];
  /** Only those with room for their label. */
  readonly groups: readonly FolderGroup[];
}

/** Below this depth, paths are not taken apart any further: nobody sees a ninth frame. */
const FOLDER_DEPTH_MAX = 8;
const LABEL_HEIGHT = 18;
/** Space between the parts of the root, of a folder in it, and of one in that: what belongs together lies closer. */
const GAPS = [8, 5, 3];
/** A group smaller than this gets no label. */
const LABELLED_WIDTH_MIN = 56;
const LABELLED_HEIGHT_MIN = 44;

/** Files that no analyser counted lines of have no area and are left out. */
export function layOut(files: readonly MeasuredFile[], width: number, height: number): Layout {
  const tree = treeOf(files.filter((file) => file.lines > 0));
  const root = hierarchy<TreeNode>(tree, (node) => (node.file ? undefined : node.children.values()))
    .sum((node) => node.file?.lines ?? 0)
    .sort((left, right) => (right.value ?? 0) - (left.value ?? 0));
  const labelled: HierarchyRectangularNode<TreeNode>[] = [];
  const labelHeight = (node: HierarchyRectangularNode<TreeNode>): number => {
    if (!hasRoomForLabel(node)) return 0;
    labelled.push(node);
    return LABEL_HEIGHT;
  };
  const drawn = treemap<TreeNode>()
    .size([width, height])
    .tile(treemapSquarify.ratio(1.2))
    .round(true)
    .paddingInner((node) => GAPS[node.depth] ?? 1)
    .paddingTop(labelHeight)(root);
  return { cells: cellsOf(drawn), groups: labelled.map((node) => ({ ...rectangleOf(node), label: node.data.name, depth: node.depth })) };
}

function cellsOf(root: HierarchyRectangularNode<TreeNode>): FileCell[] {
  return root.leaves().flatMap((node) => {
    const area = rectangleOf(node);
    return node.data.file && area.width > 0 && area.height > 0 ? { ...area, file: node.data.file } : [];
  });
}

function hasRoomForLabel(node: HierarchyRectangularNode<TreeNode>): boolean {
  return node.depth > 0 && node.x1 - node.x0 >= LABELLED_WIDTH_MIN && node.y1 - node.y0 >= LABELLED_HEIGHT_MIN;
}

function rectangleOf(node: HierarchyRectangularNode<TreeNode>): Rectangle {
  return { x: node.x0, y: node.y0, width: node.x1 - node.x0, height: node.y1 - node.y0 };
}

interface TreeNode {
  readonly name: string;
  readonly children: Map<string, TreeNode>;
  readonly file?: MeasuredFile;
}

function treeOf(files: readonly MeasuredFile[]): TreeNode {
  const root: TreeNode = { name: '', children: new Map() };
  for (const file of files) {
    const segments = file.path.split('/');
    const folders = segments.slice(0, Math.min(segments.length - 1, FOLDER_DEPTH_MAX));
    let folder = root;
    for (const name of folders) folder = childFolder(folder, name);
    const name = segments.slice(folders.length).join('/');
    // The keys of folders end in a slash, so `a` and `a/b`, from before and after a move, stand side by side.
    folder.children.set(name, { name, children: new Map(), file });
  }
  return withoutChains(root);
}

function childFolder(folder: TreeNode, name: string): TreeNode {
  const key = `${name}/`;
  const child: TreeNode = folder.children.get(key) ?? { name, children: new Map() };
  folder.children.set(key, child);
  return child;
}

/** Joins a folder that holds nothing but one folder with it: `src/commands` instead of two frames. */
function withoutChains(node: TreeNode): TreeNode {
  const children = new Map<string, TreeNode>();
  for (const [key, child] of node.children) children.set(key, child.file ? child : withoutChains(child));
  const [only] = children.values();
  if (node.name === '' || children.size !== 1 || !only || only.file) return { ...node, children };
  return { name: `${node.name}/${only.name}`, children: only.children };
}
