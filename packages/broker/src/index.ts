export { readAnnouncement, readAnswer, readLogEntry } from './answer.js'
export type { BrokerAnswer, BrokerPhase, LogEntry, WrittenAnswer } from './answer.js'
export {
  ANNOUNCEMENT_FILE,
  BASE_CREDENTIALS,
  draftName,
  mailName,
  MAILBOX_VARIABLE,
  PROTOCOL_VERSION,
  type Announcement
} from './mailbox.js'
export { readRequest } from './request.js'
export type { BrokerRequest, ReadRequest, WrittenRequest } from './request.js'
