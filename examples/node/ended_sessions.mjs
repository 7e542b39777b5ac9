#!/usr/bin/env node
// Keeps the set of ended sessions from Keyledger's events topic, in a file.
//
//     node ended_sessions.mjs --brokers 127.0.0.1:9092 --state ended.json [--topic keyledger.events.v1]
//
// The same as ../python/ended_sessions.py, with kafkajs (`npm ci` in this folder). Runs until SIGTERM or SIGINT. It can
// be killed at any moment and goes on where it was: what it knows and where it stood are one file, replaced by a rename.
// The partitions are merged by position: a record is applied once all before it were, so that one that comes twice is
// recognised, and one that is missing is waited for. docs/consumers.md says why it does what it does.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import kafkajs from 'kafkajs';

// The newest schema version of each type that this programme understands. A type that is not here is none of its
// business; a newer version of one that is must not be guessed at.
const UNDERSTOOD = new Map([
  ['session.started', 3],
  ['session.ended', 1],
  ['user.password_changed', 1],
  ['user.password_reset', 1],
  ['user.one_time_password_set', 1],
  ['user.email_changed', 1],
  ['user.email_change_undone', 1],
  ['user.second_factor_given_back', 1],
  ['user.identity_unlinked', 1],
  ['user.sessions_revoked', 1],
  ['user.disabled', 1],
  ['user.erasure_requested', 1],
  ['user.erased', 1],
]);

// Records of one partition that wait for those of others; then it is not read on for a while.
const AHEAD = 10_000;

// Going on would make the set wrong: a person has to look.
class Refused extends Error {}

class EndedSessions {
  log_id = null;
  position = 0; // all up to it were applied
  partitions = {}; // number: {next_offset: where to go on}
  live = {}; // session: {user, position at which it began}
  ended = {}; // session: position at which it ended
  waiting = new Map(); // position: a record that came before one of a lower position

  constructor(file) {
    this.file = file;
    if (fs.existsSync(file)) {
      const saved = JSON.parse(fs.readFileSync(file, 'utf8'));
      if (Object.keys(saved.partitions).length > 0 && saved.position === undefined)
        throw new Refused(`${file} is of an earlier version of this programme: begin with an empty state`);
      Object.assign(this, saved);
    }
    this.read = new Map(Object.entries(this.partitions).map(([number, place]) => [number, place.next_offset]));
  }

  // All or nothing, also when the power fails: what was applied and where it stood move together. What waits is not
  // kept, but read again.
  save() {
    this.partitions = {};
    for (const [number, offset] of this.read) this.partitions[number] = { next_offset: offset };
    for (const { number, offset } of this.waiting.values()) {
      const place = this.partitions[number];
      place.next_offset = Math.min(place.next_offset, offset);
    }
    const { log_id, position, partitions, live, ended } = this;
    const next = fs.openSync(`${this.file}.next`, 'w');
    fs.writeSync(next, JSON.stringify({ log_id, position, partitions, live, ended }));
    fs.fsyncSync(next);
    fs.closeSync(next);
    fs.renameSync(`${this.file}.next`, this.file);
    const folder = fs.openSync(path.dirname(path.resolve(this.file)), 'r');
    fs.fsyncSync(folder);
    fs.closeSync(folder);
  }

  // One record. Those of a partition come in the order of their positions, and no position is left out over all.
  take(partition, message) {
    const header = (name) => message.headers[name]?.toString();
    const logId = header('ce_logid');
    if (this.log_id !== null && this.log_id !== logId)
      throw new Refused(`the topic now holds log ${logId}, not ${this.log_id}: begin with an empty state`);
    this.log_id = logId;
    const number = String(partition);
    const offset = Number(message.offset);
    this.read.set(number, Math.max(this.read.get(number) ?? 0, offset + 1));
    const position = Number(header('ce_sequence'));
    if (position <= this.position || this.waiting.has(position)) return;
    this.waiting.set(position, {
      number, offset, type: header('ce_type'), subject: header('ce_subject'), value: message.value,
    });
    for (let next = this.waiting.get(this.position + 1); next; next = this.waiting.get(this.position + 1)) {
      this.apply(next.type, this.position + 1, next.subject, next.value);
      this.position += 1;
      this.waiting.delete(this.position);
    }
  }

  // The partitions of which so much waits that reading on would only fill the memory.
  ahead() {
    const counts = new Map();
    for (const { number } of this.waiting.values()) counts.set(number, (counts.get(number) ?? 0) + 1);
    return new Set([...counts].filter(([, count]) => count >= AHEAD).map(([number]) => Number(number)));
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
      // On the user: it ends all of the user's earlier sessions, except perhaps one.
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
  let paused = new Set();
  const readOnOrWait = () => {
    const ahead = sessions.ahead();
    const only = (some, others) => [...some].filter((number) => !others.has(number));
    consumer.pause([{ topic, partitions: only(ahead, paused) }]);
    consumer.resume([{ topic, partitions: only(paused, ahead) }]);
    paused = ahead;
  };
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
      readOnOrWait();
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
