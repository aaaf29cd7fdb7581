import { chmodSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { SourceTree } from '../../../../src/commands/multi-analysis/SourceTree.js';
import type { TreeSurvey } from '../../../../src/commands/multi-analysis/TreeSurvey.js';
import { testCall } from '../../../support/call.js';
import { bareFolder, git, write } from '../../../support/fixtureProjects.js';

async function survey(root: string, exclude: readonly string[] = []): Promise<TreeSurvey> {
  await using call = testCall();
  return await new SourceTree().survey({ root, exclude }, call);
}

const FILES = {
  'a.ts': 'a',
  'b/c.js': 'c',
  'b/.env': 'd',
  'dist/e.ts': 'e',
  'node_modules/f/g.js': 'g',
  '.hidden/h.ts': 'h',
  'README.md': 'i',
};

describe('outside git', () => {
  it('lists what is not in a dot folder or in a folder that usually holds no source', async () => {
    using folder = bareFolder({ ...FILES, 'package.json': '{}' });
    expect(await survey(folder.root)).toMatchObject({
      root: folder.root,
      files: ['README.md', 'a.ts', 'b/.env', 'b/c.js', 'package.json'],
      scripts: 2,
      hasPackageJson: true,
      hasHistory: false,
      noHistory: 'the folder is not in a git work tree',
      listedBy: 'walk',
      outside: ['.hidden', 'dist'],
    });
  });

  it('follows no link, and says which of them lead to folders', async () => {
    using folder = bareFolder({ 'a.ts': 'a', 'b/c.ts': 'c' });
    symlinkSync(folder.root, join(folder.root, 'b/loop'));
    symlinkSync(join(folder.root, 'a.ts'), join(folder.root, 'link.ts'));
    symlinkSync('/nowhere', join(folder.root, 'broken'));
    expect(await survey(folder.root)).toMatchObject({ files: ['a.ts', 'b/c.ts'], outside: ['b/loop'] });
  });

  it('resolves a root that is a link, and leaves out the excluded folders by either name', async () => {
    using folder = bareFolder({ 'a.ts': 'a', 'report/b.ts': 'b', 'reports/c.ts': 'c' });
    using other = bareFolder({});
    const link = join(other.root, 'link');
    symlinkSync(folder.root, link);
    for (const excluded of [join(link, 'report'), join(folder.root, 'report')]) {
      expect(await survey(link, [excluded, folder.root, other.root])).toMatchObject({
        root: folder.root,
        files: ['a.ts', 'reports/c.ts'],
        outside: ['report'],
      });
    }
  });

  it('says which path is no folder', async () => {
    using folder = bareFolder({ 'a.ts': 'a' });
    const file = join(folder.root, 'a.ts');
    await expect(survey(file)).rejects.toMatchObject({ code: 'SOURCE_TREE_UNREADABLE', message: `${file} is not a folder.` });
    await expect(survey('/nowhere/at/all')).rejects.toMatchObject({ code: 'SOURCE_TREE_UNREADABLE' });
  });

  it('stops with the reason of an aborted call', async () => {
    using folder = bareFolder(FILES);
    await using call = testCall({ signal: AbortSignal.abort(new Error('enough')) });
    await expect(new SourceTree().survey({ root: folder.root }, call)).rejects.toThrow('enough');
  });
});

describe('in a git work tree', () => {
  const repository = () => {
    const folder = bareFolder({ ...FILES, '.gitignore': 'ignored/\nb/c.js\n', 'ignored/j.ts': 'j', 'ignored/k/l.ts': 'l' });
    git(folder.root, 'init', '--quiet');
    return folder;
  };

  it('lists tracked and untracked files, not ignored and not deleted ones', async () => {
    using folder = repository();
    git(folder.root, 'add', 'a.ts', 'dist/e.ts');
    rmSync(join(folder.root, 'a.ts'));
    expect(await survey(folder.root)).toMatchObject({
      files: ['.gitignore', '.hidden/h.ts', 'README.md', 'b/.env', 'dist/e.ts'],
      listedBy: 'git',
      hasHistory: false,
      noHistory: 'the git repository of the folder has no commit yet',
      outside: ['ignored'],
    });
  });

  it('walks a folder that git ignores as a whole', async () => {
    using folder = repository();
    expect(await survey(join(folder.root, 'ignored'))).toMatchObject({ files: ['j.ts', 'k/l.ts'], listedBy: 'walk' });
  });

  it('has a fingerprint that changes when a file is written, added or removed, and at nothing else', async () => {
    using folder = repository();
    const { fingerprint: first } = await survey(folder.root);
    write(folder.root, { 'ignored/new.ts': '' });
    expect((await survey(folder.root)).fingerprint).toBe(first);
    const seen = [first];
    for (const change of [
      () => write(folder.root, { 'a.ts': 'longer' }),
      () => write(folder.root, { 'new.ts': '' }),
      () => rmSync(join(folder.root, 'README.md')),
    ]) {
      change();
      seen.push((await survey(folder.root)).fingerprint);
    }
    expect(new Set(seen).size).toBe(4);
  });

  it('says what to do when the repository belongs to somebody else, and walks it', async () => {
    using folder = repository();
    process.env.GIT_TEST_ASSUME_DIFFERENT_OWNER = '1';
    try {
      expect(await survey(folder.root)).toMatchObject({
        listedBy: 'walk',
        hasHistory: false,
        noHistory: expect.stringContaining('git config --global --add safe.directory'),
      });
    } finally {
      delete process.env.GIT_TEST_ASSUME_DIFFERENT_OWNER;
    }
  });

  it('leaves out submodules and nested repositories', async () => {
    using folder = repository();
    using other = bareFolder({ 'inside.ts': 'x' });
    git(other.root, 'init', '--quiet');
    git(other.root, 'add', '.');
    git(
      other.root,
      '-c',
      'user.name=x',
      '-c',
      'user.email=x@example.org',
      '-c',
      'commit.gpgsign=false',
      'commit',
      '--quiet',
      '--message=x',
    );
    git(folder.root, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.root, 'sub');
    git(folder.root, 'clone', '--quiet', other.root, 'nested');
    const { files, outside } = await survey(folder.root);
    expect(files.filter((path) => path.includes('inside'))).toEqual([]);
    expect(outside).toEqual(['ignored', 'nested', 'sub']);
  });

  it('is not misled by the variables that git sets for its hooks', async () => {
    using folder = repository();
    process.env.GIT_DIR = '/nowhere';
    try {
      expect((await survey(folder.root)).listedBy).toBe('git');
    } finally {
      delete process.env.GIT_DIR;
    }
  });
});

it('takes a folder that may not be read for empty', async () => {
  using folder = bareFolder({ 'a.ts': 'a', 'closed/b.ts': 'b' });
  chmodSync(join(folder.root, 'closed'), 0);
  const { files } = await survey(folder.root);
  // The superuser may read it all the same.
  expect(files).toEqual(process.getuid?.() === 0 ? ['a.ts', 'closed/b.ts'] : ['a.ts']);
  chmodSync(join(folder.root, 'closed'), 0o700);
});
