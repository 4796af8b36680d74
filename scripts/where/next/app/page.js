export default function Page() {
  return <p>The numbers are at /api/golden.</p>;
}
