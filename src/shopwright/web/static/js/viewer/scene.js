// What is seen of a part: its bodies with edges, cut open by up to three planes, in millimetres with z up.
import {
  BackSide, Box3, BufferAttribute, BufferGeometry, Color, DecrementWrapStencilOp, DirectionalLight, DoubleSide,
  EdgesGeometry, FrontSide, Group, HemisphereLight, IncrementWrapStencilOp, LineBasicMaterial, LineSegments,
  Matrix4, Mesh, MeshBasicMaterial, MeshLambertMaterial, NotEqualStencilFunc, AlwaysStencilFunc,
  PerspectiveCamera, Plane, PlaneGeometry, Quaternion, ReplaceStencilOp, Scene, Sphere, Vector3, WebGLRenderer,
} from "../../vendor/three.module.min.js";
import { OrbitControls } from "../../vendor/OrbitControls.js";

const MM_PER_M = 1000;
const STEEL = 0x96acc6;
const CUT = 0xd9902f;
const EDGE_DEGREES = 25;
const MOST_EDGED = 600_000; // triangles: beyond, finding edges takes seconds
const FIELD_DEGREES = 32;
const FROM = new Vector3(1, -1.6, 1.1).normalize(); // as the server's picture looks at it
const AXES = ["x", "y", "z"];
const BACKGROUNDS = { light: 0xf4f6f9, dark: 0x10161e };
const EDGES = { light: 0x243040, dark: 0x0a0f15 };

export class PartScene {
  constructor(canvas, bodies) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, stencil: true });
    this.renderer.localClippingEnabled = true;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    this.scene = new Scene();
    this.camera = new PerspectiveCamera(FIELD_DEGREES, 1, 1, 1000);
    this.camera.up.set(0, 0, 1);
    this.camera.add(light(2.2, 0.4, 0.7, 1), light(0.8, -0.9, 0.2, 0.5));
    this.scene.add(this.camera, new HemisphereLight(0xffffff, 0x8a98a8, 1.5));
    this.model = this.#build(bodies);
    this.box = new Box3().setFromObject(this.model);
    this.sphere = this.box.getBoundingSphere(new Sphere());
    this.cuts = AXES.map((axis) => this.#cut(axis));
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.addEventListener("change", () => this.draw());
    this.watch = new ResizeObserver(() => this.#resize());
    this.watch.observe(canvas.parentElement);
    this.setDark(false);
    this.#resize();
    this.look();
  }

  #build(bodies) {
    const model = new Group();
    for (const body of bodies) {
      const geometry = geometryOf(body);
      const color = body.color ? new Color(...body.color.slice(0, 3)) : new Color(STEEL);
      const material = new MeshLambertMaterial({ color, side: DoubleSide, flatShading: !body.normals,
                                                 polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1 });
      model.add(new Mesh(geometry, material));
    }
    this.scene.add(model);
    this.triangles = model.children.reduce((sum, { geometry }) => sum + trianglesOf(geometry), 0);
    return model;
  }

  // A plane that cuts the model open and shows its inside filled: what is behind it raises and lowers
  // the stencil, which stays raised where the plane lies within a body.
  #cut(axis) {
    const plane = new Plane(new Vector3().setComponent(AXES.indexOf(axis), -1), this.box.max[axis]);
    const order = 1 + AXES.indexOf(axis);
    const stencils = new Group();
    for (const [side, operation] of [[BackSide, IncrementWrapStencilOp], [FrontSide, DecrementWrapStencilOp]]) {
      const material = new MeshBasicMaterial({ side, depthWrite: false, depthTest: false, colorWrite: false,
        stencilWrite: true, stencilFunc: AlwaysStencilFunc, stencilFail: operation, stencilZFail: operation,
        stencilZPass: operation, clippingPlanes: [plane] });
      for (const { geometry } of this.model.children) {
        const mesh = new Mesh(geometry, material);
        mesh.renderOrder = order;
        stencils.add(mesh);
      }
    }
    const lid = new Mesh(
      new PlaneGeometry(this.sphere.radius * 3, this.sphere.radius * 3),
      new MeshLambertMaterial({ color: CUT, side: DoubleSide, stencilWrite: true, stencilRef: 0,
        stencilFunc: NotEqualStencilFunc, stencilFail: ReplaceStencilOp, stencilZFail: ReplaceStencilOp,
        stencilZPass: ReplaceStencilOp }),
    );
    lid.renderOrder = order + 0.5;
    lid.onAfterRender = (renderer) => renderer.clearStencil();
    stencils.visible = lid.visible = false;
    this.scene.add(stencils, lid);
    return { axis, plane, stencils, lid, isOn: false };
  }

  /** share 1 shows all along that axis, 0 nothing. */
  cutAt(axis, share) {
    const cut = this.cuts.find((one) => one.axis === axis);
    const { min, max } = this.box;
    const at = min[axis] + (max[axis] - min[axis]) * share;
    cut.isOn = share < 1;
    cut.plane.constant = at;
    cut.stencils.visible = cut.lid.visible = cut.isOn;
    cut.lid.position.copy(this.sphere.center);
    cut.lid.position[axis] = at;
    cut.lid.lookAt(cut.lid.position.clone().sub(cut.plane.normal));
    const on = this.cuts.filter((one) => one.isOn);
    const planes = on.map((one) => one.plane);
    for (const { material } of this.model.children) material.clippingPlanes = planes;
    if (this.edges) this.edges.children.forEach(({ material }) => { material.clippingPlanes = planes; });
    for (const one of on) one.lid.material.clippingPlanes = planes.filter((other) => other !== one.plane);
    this.draw();
    return at - min[axis];
  }

  isCutAway(point) {
    return this.cuts.some(({ isOn, plane }) => isOn && plane.distanceToPoint(point) < 0);
  }

  /** False when the model has too many triangles for it. */
  showEdges(isOn) {
    if (isOn && !this.edges) {
      if (this.triangles > MOST_EDGED) return false;
      const material = new LineBasicMaterial({ color: this.edgeColor,
        clippingPlanes: this.cuts.filter((one) => one.isOn).map((one) => one.plane) });
      this.edges = new Group();
      for (const { geometry } of this.model.children) {
        this.edges.add(new LineSegments(new EdgesGeometry(geometry, EDGE_DEGREES), material));
      }
      this.scene.add(this.edges);
    }
    if (this.edges) this.edges.visible = isOn;
    this.draw();
    return true;
  }

  setDark(isDark) {
    const tone = isDark ? "dark" : "light";
    this.scene.background = new Color(BACKGROUNDS[tone]);
    this.edgeColor = EDGES[tone];
    this.edges?.children[0]?.material.color.set(this.edgeColor);
    this.draw();
  }

  /** From the first side again. */
  look() {
    this.#stand(FROM);
  }

  /** All of it in the window, from where one looks. */
  fit() {
    this.#stand(this.camera.position.clone().sub(this.controls.target).normalize());
  }

  #stand(direction) {
    const { center, radius } = this.sphere;
    const half = Math.tan((FIELD_DEGREES / 2) * Math.PI / 180);
    const distance = (radius * 1.05) / Math.sin(Math.atan(half * Math.min(1, this.camera.aspect)));
    this.camera.near = distance / 500;
    this.camera.far = distance * 20;
    this.camera.updateProjectionMatrix();
    this.controls.minDistance = radius / 50;
    this.controls.maxDistance = distance * 8;
    this.controls.target.copy(center);
    this.camera.position.copy(center).addScaledVector(direction, distance);
    this.controls.update();
    this.draw();
  }

  /** By keyboard: degrees to the right and up, and nearer by a factor. */
  turn(right, up, nearer = 1) {
    const { target } = this.controls;
    const away = this.camera.position.clone().sub(target);
    const height = Math.asin(away.z / away.length()) + (up * Math.PI) / 180;
    const around = Math.atan2(away.y, away.x) + (right * Math.PI) / 180;
    const flat = Math.cos(Math.max(-1.55, Math.min(1.55, height)));
    const direction = new Vector3(Math.cos(around) * flat, Math.sin(around) * flat, Math.sin(Math.max(-1.55, Math.min(1.55, height))));
    this.camera.position.copy(target).addScaledVector(direction, away.length() / nearer);
    this.controls.update();
    this.draw();
  }

  draw() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.renderer.render(this.scene, this.camera);
      this.onDrawn?.();
    });
  }

  end() {
    cancelAnimationFrame(this.pending);
    this.watch.disconnect();
    this.controls.dispose();
    this.scene.traverse((one) => { one.geometry?.dispose(); one.material?.dispose?.(); });
    this.renderer.dispose();
  }

  #resize() {
    const { clientWidth, clientHeight } = this.renderer.domElement.parentElement;
    if (!clientWidth || !clientHeight) return;
    this.renderer.setSize(clientWidth, clientHeight, false);
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    this.draw();
  }
}

function light(strength, x, y, z) {
  const made = new DirectionalLight(0xffffff, strength);
  made.position.set(x, y, z);
  return made;
}

function geometryOf(body) {
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(body.positions, 3));
  if (body.normals) geometry.setAttribute("normal", new BufferAttribute(body.normals, 3));
  if (body.indices) geometry.setIndex(new BufferAttribute(body.indices, 1));
  const place = new Matrix4().makeScale(MM_PER_M, MM_PER_M, MM_PER_M);
  for (const one of body.matrices) place.multiply(matrixOf(one));
  return geometry.applyMatrix4(place);
}

function matrixOf({ matrix, translation, rotation, scale }) {
  if (matrix) return new Matrix4().fromArray(matrix);
  return new Matrix4().compose(new Vector3(...translation), new Quaternion(...rotation), new Vector3(...scale));
}

function trianglesOf(geometry) {
  return (geometry.index?.count ?? geometry.attributes.position.count) / 3;
}
