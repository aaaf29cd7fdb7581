import { resolve } from 'node:path';
import { Transform } from 'class-transformer';
import { IsArray, IsBoolean, IsIn, IsInt, IsNotEmpty, IsString, Max, Min } from 'class-validator';
import { type Default, field } from 'sixfold';

export const LEVELS = ['fast', 'balanced', 'best'] as const;

/** The flags of `sixfold run archive-logs`. */
export class ArchiveLogsParams {
  @field({ description: 'folder with the logs', positional: 0 })
  @IsString()
  @IsNotEmpty()
  @Transform(({ value }) => absolute(value))
  folder!: string;

  @field({ description: 'leave files alone that changed in the last so many days', placeholder: 'days' })
  @IsInt()
  @Min(0)
  @Max(36_500)
  olderThan: Default<number> = 7;

  @field({ description: 'how hard to compress', short: 'l', placeholder: 'level' })
  @IsIn(LEVELS)
  level: Default<(typeof LEVELS)[number]> = 'balanced';

  @field({ description: 'endings of the files to take', placeholder: 'ending' })
  @IsArray()
  @IsString({ each: true })
  endings: Default<readonly string[]> = ['.log'];

  @field({ description: 'say what would be done, and do nothing' })
  @IsBoolean()
  dryRun: Default<boolean> = false;
}

/** So that a run that is resumed from another folder means the same logs. */
function absolute(value: unknown): unknown {
  return typeof value === 'string' && value !== '' ? resolve(value) : value;
}
