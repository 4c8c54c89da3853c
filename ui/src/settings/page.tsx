import { Empty } from '../parts/empty.js';

export default function Page() {
  return <Empty title="This page is not built yet." />;
}
