// The log that a container's output goes to, by its log driver.
import { containerLogPath } from '../storage/layout.ts';
import type { ContainerRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { logAttributes } from './log-attributes.ts';
import { logLimits } from './log-limits.ts';
import { type LogStream, openLogWriter } from './log-writer.ts';

export interface ContainerLog {
  write(stream: LogStream, chunk: Uint8Array): void;
  /** Resolves when the log can take more. */
  drained?(): Promise<void>;
  close(): void;
}

/** Opens the log; undefined for the driver `none`. Throws the system's error, or ERR_LOG_DRIVER. */
export async function openContainerLog(ctx: Ctx, record: ContainerRecord): Promise<ContainerLog | undefined> {
  const { Type, Config } = record.HostConfig.LogConfig;
  if (Type === 'none') return undefined;
  if (Type === 'journald') return (await import('./log-journald.ts')).openJournalLog(ctx.env, record);
  const attrs = Type === 'json-file' ? logAttributes(record) : {};
  return openLogWriter(containerLogPath(ctx, record.Id), { ...logLimits(Type, Config), attrs });
}
