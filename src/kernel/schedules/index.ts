// schedules: goals that the clock submits. Part of the kernel; others enter through the kernel's door.
export { type CronTimes, readCron } from './cron-times.ts';
export { type DueFires, dueFires, MISSED_MAX, ON_TIME_MS } from './due-fires.ts';
export { fireRunId } from './fire-run-id.ts';
export { MISSED_RULES, type MissedRule, readSchedule, type Schedule } from './schedule.ts';
export {
  createSchedules,
  type SchedulePorts,
  type Schedules,
  type ScheduleView,
} from './schedules.ts';
export { type ScheduleRow, schedulesFold } from './schedules-fold.ts';
