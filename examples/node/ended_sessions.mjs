#!/usr/bin/env node
// Keeps the set of ended sessions from Keyledger's events topic, in a file.
//
//     node ended_sessions.mjs --brokers 127.0.0.1:9092 --state ended.json [--topic keyledger.events.v1]
//
// The same as ../python/ended_sessions.py, with kafkajs (`npm ci` in this folder). Runs until SIGTERM or SIGINT. It can
// be killed at any moment and goes on where it was: what it knows and where it stood are one file, replaced by a rename.
// Records that come twice are recognised by their position. docs/consumers.md says why it does what it does.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import kafkajs from 'kafkajs';

// The newest schema version of each type that this programme understands. A type that is not here is none of its
// business; a newer version of one that is must not be guessed at.
const UNDERSTOOD = new Map([
  ['session.started', 1],
  ['session.ended', 1],
  ['user.password_changed', 1],
  ['user.sessions_revoked', 1],
  ['user.disabled', 1],
  ['user.erasure_requested', 1],
  ['user.erased', 1],
]);

// Going on would make the set wrong: a person has to look.
class Refused extends Error {}

class EndedSessions {
  log_id = null;
  partitions = {}; // number: {next_offset, position of the last record}
  live = {}; // session: {user, position at which it began}
  ended = {}; // session: position at which it ended

  constructor(file) {
    this.file = file;
    if (fs.existsSync(file)) Object.assign(this, JSON.parse(fs.readFileSync(file, 'utf8')));
  }

  // All or nothing, also when the power fails: what was applied and where it stood move together.
  save() {
    const { log_id, partitions, live, ended } = this;
    const next = fs.openSync(`${this.file}.next`, 'w');
    fs.writeSync(next, JSON.stringify({ log_id, partitions, live, ended }));
    fs.fsyncSync(next);
    fs.closeSync(next);
    fs.renameSync(`${this.file}.next`, this.file);
    const folder = fs.openSync(path.dirname(path.resolve(this.file)), 'r');
    fs.fsyncSync(folder);
    fs.closeSync(folder);
  }

  // One record. Those of a partition come in the order of their positions; one that does not came before.
  take(partition, message) {
    const header = (name) => message.headers[name]?.toString();
    const logId = header('ce_logid');
    if (this.log_id !== null && this.log_id !== logId)
      throw new Refused(`the topic now holds log ${logId}, not ${this.log_id}: begin with an empty state`);
    this.log_id = logId;
    const place = (this.partitions[partition] ??= { next_offset: 0, position: 0 });
    place.next_offset = Math.max(place.next_offset, Number(message.offset) + 1);
    const position = Number(header('ce_sequence'));
    if (position <= place.position) return;
    this.apply(header('ce_type'), position, header('ce_subject'), message.value);
    place.position = position;
  }

  apply(type, position, subject, value) {
    if (!UNDERSTOOD.has(type)) return;
    const event = JSON.parse(value.toString());
    if (event.schema_version > UNDERSTOOD.get(type))
      throw new Refused(`position ${position}: ${type} of schema version ${event.schema_version} is too new`);
    const session = event.stream.id;
    if (type === 'session.started') {
      this.live[session] = { user: event.data.user_id, position };
    } else if (type === 'session.ended') {
      this.end(session, position);
    } else {
      // On the user: it ends all his sessions that began before, except perhaps one.
      for (const [other, one] of Object.entries(this.live))
        if (one.user === subject && other !== event.data.kept_session) this.end(other, position);
    }
  }

  end(session, position) {
    delete this.live[session];
    this.ended[session] ??= position;
  }
}

async function consume(sessions, brokers, topic, stopped) {
  const kafka = new kafkajs.Kafka({ clientId: 'ended-sessions', brokers, logLevel: kafkajs.logLevel.ERROR });
  // kafkajs reads as a member of a group. This one is nobody else's, and keeps nothing: where it stands is in the file.
  const consumer = kafka.consumer({ groupId: `ended-sessions-${randomUUID()}`, maxWaitTimeInMs: 500 });
  let fail;
  const failed = new Promise((_, reject) => {
    fail = reject;
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) fail(payload.error);
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    // Reads committed transactions only, unless told otherwise.
    eachBatch: async ({ batch, resolveOffset, heartbeat, isStale }) => {
      for (const message of batch.messages) {
        if (isStale()) break; // fetched before the seek below
        try {
          sessions.take(batch.partition, message);
        } catch (error) {
          fail(error); // not to be tried again
          throw error;
        }
        resolveOffset(message.offset);
      }
      if (batch.messages.length > 0) sessions.save();
      await heartbeat();
    },
  });
  for (const [partition, { next_offset: offset }] of Object.entries(sessions.partitions))
    consumer.seek({ topic, partition: Number(partition), offset: String(offset) });
  await Promise.race([stopped, failed]);
  await consumer.disconnect();
}

const { values } = parseArgs({
  options: {
    brokers: { type: 'string' },
    state: { type: 'string' },
    topic: { type: 'string', default: 'keyledger.events.v1' },
  },
});
if (!values.brokers || !values.state) {
  console.error('usage: ended_sessions.mjs --brokers HOST:PORT[,…] --state FILE [--topic TOPIC]');
  process.exit(2);
}
const stopped = new Promise((resolve) => {
  process.once('SIGTERM', resolve);
  process.once('SIGINT', resolve);
});
try {
  await consume(new EndedSessions(values.state), values.brokers.split(','), values.topic, stopped);
  process.exit(0);
} catch (error) {
  console.error(`ended_sessions: ${error.message}`);
  process.exit(1);
}
